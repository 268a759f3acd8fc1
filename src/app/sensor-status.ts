/**
 * `idmef status --sensor`: the sensor's own numbers, for eyes and as JSON with keys that stay (ARCHITECTURE.md:
 * Seeing it). Called by status.ts. Pure.
 */

import type { ConsumerStats } from '../journal/journal.ts';
import { escapeText } from '../log/escape.ts';
import { grouped, localTime } from '../poller/fault-streak.ts';
import type { SensorJournalFacts } from '../sensor/sensor-look.ts';
import type { SensorReport } from './sensor-report.ts';
import { coloured, days, since } from './status-words.ts';

type Line = readonly [label: string, text: string];

export function sensorDetail(report: SensorReport, colours: boolean): string {
  const { source, look, word, at, running, certificateEnd, disk } = report;
  const lines: Line[] = [];
  if (source.fault !== undefined)
    lines.push(['trouble', source.fault.message], ['', source.fault.hint ?? '']);
  if (look.kind === 'unreadable' || look.kind === 'damaged')
    lines.push(['trouble', look.reason], ['', look.hint]);
  if (look.kind === 'never')
    lines.push(['', 'there is no journal: reverse-server has never run with this state']);
  const service = { true: 'runs', false: 'does not run: systemctl status reverse-server' };
  if (running !== undefined) lines.push(['service', service[`${running}`]]);
  if (look.kind === 'facts') lines.push(...factLines(look.facts, source.config?.spoolDir));
  if (certificateEnd !== undefined) {
    lines.push(['certificate', `ends ${localTime(certificateEnd)} (${days(certificateEnd, at)})`]);
  }
  if (disk !== undefined) {
    const [free, needed] = [disk.freeBytes, disk.needed].map(mebibytes);
    lines.push([
      'disk',
      `${free} free, reserve ${needed}${disk.ok ? '' : ': nothing is taken from the spool'}`,
    ]);
  }
  if (look.kind === 'facts') lines.push(['law', lawText(look.facts)]);
  lines.push(['state', source.stateDir]);
  const body = lines
    .filter(([, text]) => text !== '')
    .map(([label, text]) => `  ${label.padEnd(14)} ${escapeText(text)}\n`)
    .join('');
  const colour = word === 'ok' ? 'ok' : word === 'stuck' ? 'silent' : 'failing';
  return `sensor: ${coloured(word, colour, colours)}\n${body}`;
}

function factLines({ stats, intake, at }: SensorJournalFacts, spool: string | undefined): Line[] {
  const { found = 0, ...fates } = stats.files;
  const files = Object.entries(fates).map(([fate, number]) => `${grouped(number)} ${fate}`);
  const stuck = intake?.stuck ?? 0;
  const lines = stats.consumers.map((one): Line => ['queue', queueText(one, at)]);
  lines.push(['files', `${grouped(found)} found = ${files.length === 0 ? '0' : files.join(' + ')}`]);
  if (intake?.paused !== undefined) {
    lines.push(['intake', `paused since ${localTime(intake.at)}: ${intake.paused}`]);
  }
  const where = spool === undefined ? '' : ` in ${spool}`;
  const why = stuck === 0 ? '' : ` since ${localTime(intake?.at ?? at)}: the log of reverse-server says why`;
  lines.push(['stuck', `${grouped(stuck)}${where}${why}`]);
  lines.push([
    'corrupt',
    `${grouped(intake?.corrupt ?? 0)}${spool === undefined ? '' : ` in ${spool}/corrupt`}`,
  ]);
  lines.push(['journal', `${stats.id}, ${mebibytes(stats.usedBytes)} used`]);
  return lines;
}

function queueText(one: ConsumerStats, at: number): string {
  const { name, active, pending, leased, held, pendingBytes, oldestAt, settled, dropped } = one;
  const owed = pending + leased + held;
  const kept = owed === 0 ? '' : ` (${mebibytes(pendingBytes)}, oldest ${since(oldestAt, at)})`;
  const lost = Object.entries(dropped).map(([reason, number]) => `, ${grouped(number)} dropped (${reason})`);
  const what = active ? 'pending' : 'held: not configured any more';
  return `${name}: ${grouped(owed)} ${what}${kept}, ${grouped(settled)} fetched${lost.join('')}`;
}

function lawText({ brokenLaws }: SensorJournalFacts): string {
  return brokenLaws.length === 0 ? 'ok' : brokenLaws.join('; ');
}

export function sensorJson(report: SensorReport): string {
  const { source, look, word, at, running, certificateEnd, disk } = report;
  const facts = look.kind === 'facts' ? look.facts : undefined;
  const trouble = look.kind === 'unreadable' || look.kind === 'damaged' ? look.reason : undefined;
  return `${JSON.stringify({
    sensor: true,
    state: word,
    at: new Date(at).toISOString(),
    configured: source.config !== undefined,
    stateDirectory: source.stateDir,
    trouble: source.fault?.message ?? trouble ?? null,
    running: running ?? null,
    certificateEnd: certificateEnd === undefined ? null : new Date(certificateEnd).toISOString(),
    disk: disk === undefined ? null : { freeBytes: disk.freeBytes, reserveBytes: disk.needed, ok: disk.ok },
    queues:
      facts?.stats.consumers.map(
        ({ name, active, pending, leased, held, pendingBytes, oldestAt, settled, dropped }) => ({
          consumer: name,
          configured: active,
          pending: pending + leased,
          pendingBytes,
          oldestAgeSeconds: oldestAt === undefined ? null : Math.max(0, Math.round((at - oldestAt) / 1000)),
          held,
          settled,
          dropped,
        }),
      ) ?? null,
    files: facts?.stats.files ?? null,
    stuck: facts?.intake?.stuck ?? null,
    corrupt: facts?.intake?.corrupt ?? null,
    paused: facts?.intake?.paused ?? null,
    journal: facts === undefined ? null : { id: facts.stats.id, usedBytes: facts.stats.usedBytes },
    law: facts === undefined ? null : lawText(facts),
  })}\n`;
}

function mebibytes(bytes: number): string {
  const mib = bytes / 2 ** 20;
  return mib < 10_240 ? `${mib.toFixed(1)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}
