/**
 * `idmef status` of several profiles: one line each, under one of headings and above one of sums, so that forty
 * profiles fit a screen of 80 columns.
 *
 * Called by status.ts. Pure. Columns are as wide as what stands in them; the last one, the trouble, gets what is
 * left. SEEN is how long ago the sensor answered well, SENSOR what it said of itself then:
 * pending/stuck/corrupt/dropped, `old` when it is a server that says nothing. CERT is the sooner end of the two
 * certificates.
 */

import { escapeText } from '../log/escape.ts';
import { lostHere, shownId, type ProfileFacts } from '../poller/profile-facts.ts';
import { isConfigured, stateWords, troubles, type ProfileReport, type Trouble } from './profile-report.ts';
import { coloured, count, cut, cutMiddle, days, since, widthOf } from './status-words.ts';

export interface TableOptions {
  /** Characters of a line. */
  readonly columns: number;
  readonly colours: boolean;
}

const headings = ['PROFILE', 'STATE', 'SEEN', 'PEND', 'OLDEST', 'QUAR', 'SENSOR', 'CERT', 'TROUBLE'];
/** Numbers and times stand right, names and words left. */
const right = new Set([2, 3, 4, 5, 7]);
const NAME = 0;
const STATE = 1;
/** A name is cut down to this, and so that the trouble gets that. */
const NAME_CHARS = 8;
const TROUBLE_CHARS = 26;

export function statusTable(reports: readonly ProfileReport[], { columns, colours }: TableOptions): string {
  const rows = reports.map(cells);
  const widths = headings.map((heading, index) =>
    Math.max(heading.length, ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 1, 0);
  // The trouble needs some room, and long names have some to give.
  const name = widths[NAME] ?? 0;
  widths[NAME] = Math.min(name, Math.max(NAME_CHARS, name - Math.max(0, TROUBLE_CHARS - (columns - before))));
  widths[widths.length - 1] = Math.max(1, columns - before + name - widths[NAME]);
  const line = (row: readonly string[], word?: ProfileReport['word']): string =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        if (index === row.length - 1) return cut(cell, width);
        if (index === NAME) return cutMiddle(cell, width).padEnd(width);
        const text = right.has(index) ? cell.padStart(width) : cell.padEnd(width);
        return index === STATE && word !== undefined ? coloured(text, word, colours) : text;
      })
      .join(' ')
      .trimEnd();
  const lines = reports.map((report, index) => line(rows[index] ?? [], report.word));
  return `${[line(headings), ...lines, cut(sums(reports), columns)].join('\n')}\n`;
}

function cells(report: ProfileReport): string[] {
  const { source, look, word, at, certificateEnd } = report;
  const name = escapeText(source.name);
  const trouble = shortTrouble(report);
  if (look.kind !== 'facts') return [name, word, '-', '-', '-', '-', '-', days(certificateEnd, at), trouble];
  const { facts } = look;
  return [
    name,
    word,
    since(facts.lastSuccess, at),
    count(pendingOf(facts)),
    oldest(facts, at),
    count(facts.quarantine),
    sensorText(facts),
    days(sooner(certificateEnd, facts.sensor.certificateEnd), at),
    trouble,
  ];
}

/** Owed to all destinations, held ones included: nothing of it may be overlooked. */
export function pendingOf({ destinations }: ProfileFacts): number {
  return destinations.reduce((sum, { pending, held }) => sum + pending + held, 0);
}

export function oldestAt({ destinations }: ProfileFacts): number | undefined {
  const times = destinations.map((one) => one.oldestAt).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

function oldest(facts: ProfileFacts, at: number): string {
  return since(oldestAt(facts), at);
}

function sensorText({ sensor }: ProfileFacts): string {
  const { said, relay } = sensor;
  if (said === undefined) return relay === 'old' ? 'old' : '-';
  const { pending, stuck, corrupt, dropped } = said;
  return [pending, stuck, corrupt, ...(dropped === undefined ? [] : [dropped])].map(count).join('/');
}

function sooner(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

function shortTrouble(report: ProfileReport): string {
  const { word, source, look } = report;
  const [first] = troubles(report);
  if (first !== undefined) return brief(first, report);
  if (look.kind === 'never') return 'never ran: is its timer enabled?';
  if (look.kind !== 'facts') return '';
  if (word === 'silent') return `no run for ${since(look.facts.lastRunAt, report.at)}: is its timer enabled?`;
  if (!isConfigured(source)) return 'no settings file';
  const held = look.facts.destinations.find((one) => one.held > 0);
  if (held !== undefined) return `held for ${hostOf(held.id)}, not configured any more`;
  if (look.facts.quarantine > 0) return 'see idmef quarantine';
  const { said } = look.facts.sensor;
  if (said?.paused === true) return 'sensor: intake paused, see its log';
  return said !== undefined && said.stuck + said.corrupt > 0 ? 'sensor: idmef status --sensor there' : '';
}

/** The name of what failed is in the row already; of destinations there may be several. */
function brief({ where, text }: Trouble, { source }: ProfileReport): string {
  if (where === 'sensor') return text.replace(/^(?:the )?sensor https:\/\/\S+ /, '');
  if (where === 'settings') {
    return text.replace(/^\S*http-proxy@\S+?:(?=\d+: )/, 'line ').replace(/^\S*\/(?=http-proxy)/, '');
  }
  if (where === 'journal') return text.replace(/^journal \S+ /, '').replace(`${source.stateDir}/`, '');
  return where === 'run' || where === 'law' ? text : `${hostOf(where)} ${text}`;
}

function hostOf(id: string): string {
  return URL.canParse(id) && !id.startsWith('file:')
    ? new URL(id).host
    : shownId(id).replace(/^file:\/\//, '');
}

/** `law: ok; 40 profiles: 1 failing, 39 ok; 12 pending, 2 quarantined` */
function sums(reports: readonly ProfileReport[]): string {
  const words = stateWords
    .map((word) => [reports.filter((one) => one.word === word).length, word] as const)
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`);
  const facts = reports.flatMap(({ look }) => (look.kind === 'facts' ? [look.facts] : []));
  const pending = facts.reduce((sum, one) => sum + pendingOf(one), 0);
  const quarantined = facts.reduce((sum, one) => sum + one.quarantine, 0);
  const broken = reports.filter(({ look }) => look.kind === 'facts' && look.facts.brokenLaws.length > 0);
  const law = broken.length === 0 ? 'ok' : `BROKEN in ${broken.map(({ source }) => source.name).join(', ')}`;
  const profiles = reports.length === 1 ? '1 profile' : `${reports.length} profiles`;
  const lost = facts.reduce((sum, one) => sum + lostHere(one), 0);
  const gone = lost === 0 ? '' : `, ${count(lost)} lost`;
  const numbers = `${count(pending)} pending, ${count(quarantined)} quarantined${gone}`;
  return `law: ${law}; ${profiles}: ${words.join(', ')}; ${numbers}`;
}
