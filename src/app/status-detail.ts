/**
 * `idmef status PROFILE`: everything that is known of one profile, one fact a line, for eyes.
 *
 * Called by status.ts. Pure. Machines read `--json` (status-json.ts).
 */

import { grouped, localTime } from '../poller/fault-streak.ts';
import { shownId, type DestinationFacts, type ProfileFacts } from '../poller/profile-facts.ts';
import { escapeText } from '../log/escape.ts';
import { isConfigured, troubles, type ProfileReport, type Trouble } from './profile-report.ts';
import { coloured, days, since } from './status-words.ts';

type Line = readonly [label: string, text: string];

const LABEL_CHARS = 14;

export function statusDetail(report: ProfileReport, colours: boolean): string {
  const { source, look, word, at } = report;
  const lines: Line[] = troubles(report).flatMap((trouble) => troubleLines(trouble, at));
  if (word === 'never') lines.push(['', 'no run has got as far as a journal']);
  if (look.kind === 'facts') lines.push(...factLines(report, look.facts));
  if (word === 'silent' || word === 'never') {
    lines.push([
      'remedy',
      `systemctl status http-proxy@${source.name}.timer http-proxy@${source.name}.service`,
    ]);
  }
  if (!isConfigured(source)) lines.push(['settings', 'no settings file names it']);
  if (source.fault === undefined) lines.push(['state', source.stateDir]);
  const body = lines.map(([label, text]) => `  ${label.padEnd(LABEL_CHARS)} ${escapeText(text)}\n`).join('');
  return `${escapeText(source.name)}: ${coloured(word, word, colours)}\n${body}`;
}

function troubleLines({ where, text, hint, since: began, runs }: Trouble, at: number): Line[] {
  const lasting =
    began === undefined ? '' : `, since ${localTime(began)} (${since(began, at)}), run ${grouped(runs ?? 1)}`;
  const named = text.includes(where) ? text : `${where}: ${text}`;
  return [['trouble', `${named}${lasting}`], ...(hint === undefined ? [] : [['', hint] as const])];
}

function factLines({ source, at, certificateEnd }: ProfileReport, facts: ProfileFacts): Line[] {
  const { sensor, quarantine, endedFault } = facts;
  const lines: Line[] = [
    ['last run', lastRun(facts, at)],
    ['last success', ago(facts.lastSuccess, at)],
  ];
  if (endedFault?.ended !== undefined) {
    const { text, ended, since: began } = endedFault;
    lines.push(['past trouble', `${text}, ${localTime(began)} to ${localTime(ended)}`]);
  }
  for (const one of facts.destinations) lines.push(['destination', destination(one, at)]);
  lines.push([
    'quarantine',
    quarantine === 0 ? '0' : `${grouped(quarantine)} wait: idmef quarantine list --profile ${source.name}`,
  ]);
  lines.push(['sensor', sensorText(facts, at)]);
  if (sensor.clockOffsetMs !== undefined) lines.push(['sensor clock', clock(sensor.clockOffsetMs)]);
  lines.push([
    'certificates',
    `sensor's ${ends(sensor.certificateEnd, at)}, ours ${ends(certificateEnd, at)}`,
  ]);
  lines.push(['totals', totals(facts)]);
  lines.push(['journal', `${facts.journal}, ${mebibytes(facts.usedBytes)} used`]);
  lines.push(['law', facts.brokenLaws.length === 0 ? 'ok' : facts.brokenLaws.join('; ')]);
  return lines;
}

function lastRun({ run, lastRunAt, lastRunMs }: ProfileFacts, at: number): string {
  if (lastRunAt === undefined) return 'never';
  const took = lastRunMs === undefined ? '' : `, took ${(lastRunMs / 1000).toFixed(2)} s`;
  if (run === undefined) return `${ago(lastRunAt, at)}${took}: nothing new`;
  const { fetched, forwarded, duplicate, quarantined, exit } = run;
  const did =
    `${grouped(fetched)} fetched, ${grouped(forwarded)} forwarded, ${grouped(duplicate)} known already, ` +
    `${grouped(quarantined)} quarantined, exit ${exit}`;
  if (run.at >= lastRunAt) return `${ago(lastRunAt, at)}${took}: ${did}`;
  return `${ago(lastRunAt, at)}${took}: nothing new; ${ago(run.at, at)}: ${did}`;
}

function destination(one: DestinationFacts, at: number): string {
  const {
    id,
    active,
    pending,
    held,
    bytes,
    oldestAt,
    forwarded,
    dead,
    refused,
    changed,
    dropped,
    acceptedAt,
  } = one;
  const owed = pending + held;
  const kept = owed === 0 ? '' : ` (${mebibytes(bytes)}, oldest ${since(oldestAt, at)})`;
  const parts = [
    `${grouped(owed)} ${active ? 'pending' : 'held: not configured any more'}${kept}`,
    `${grouped(forwarded)} forwarded${acceptedAt === undefined ? '' : ` (${ago(acceptedAt, at)})`}`,
  ];
  const rules = Object.entries(changed).map(([rule, number]) => `${rule} ${grouped(number)}`);
  if (rules.length > 0) parts.push(`changed: ${rules.join(', ')}`);
  if (refused > 0) parts.push(`${grouped(refused)} refused so far`);
  if (dead > 0) parts.push(`${grouped(dead)} in quarantine`);
  for (const [reason, number] of Object.entries(dropped))
    parts.push(`${grouped(number)} dropped (${reason})`);
  return `${shownId(id)}: ${parts.join(', ')}`;
}

function sensorText({ sensor, lastSuccess }: ProfileFacts, at: number): string {
  const { name, relay, said, journal } = sensor;
  if (lastSuccess === undefined) return 'has not answered yet';
  const who = [name ?? 'without a name', ...(relay === 'old' ? ['an old server'] : [])].join(', ');
  if (said === undefined) return who;
  const oldest = said.pending === 0 ? '' : ` (oldest ${since(lastSuccess - said.oldestMs, at)})`;
  const dropped = said.dropped === undefined ? '' : `, ${grouped(said.dropped)} dropped`;
  const numbers = `${grouped(said.pending)} pending${oldest}, ${grouped(said.stuck)} stuck, ${grouped(said.corrupt)} corrupt`;
  const paused = said.paused === true ? ', intake paused' : '';
  return `${who}: ${numbers}${dropped}${paused}${journal === undefined ? '' : `; journal ${journal}`}`;
}

function clock(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (seconds < 2) return 'as ours';
  return `${since(0, seconds * 1000)} ${offsetMs > 0 ? 'ahead of' : 'behind'} ours`;
}

function totals({ offered, accepted, duplicate, conflict, quarantined }: ProfileFacts): string {
  const aside = Object.values(quarantined).reduce((sum, number) => sum + number, 0);
  const parts = `${grouped(accepted)} accepted + ${grouped(duplicate)} duplicate + ${grouped(aside)} quarantined`;
  return `${grouped(offered)} offered = ${parts}${conflict === 0 ? '' : `; ${grouped(conflict)} conflicts`}`;
}

function ago(time: number | undefined, at: number): string {
  return time === undefined ? 'never' : `${since(time, at)} ago`;
}

function ends(end: number | undefined, at: number): string {
  if (end === undefined) return 'not known';
  return `${end < at ? 'ended' : 'ends'} ${localTime(end)} (${days(end, at)})`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
