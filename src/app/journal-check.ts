/**
 * `idmef journal check FILE`: is it sound, and what does it hold. Beside a running program; changes nothing.
 *
 * Called by src/cli/journal.ts. Exit status 0 sound, 1 damaged (each fault a line).
 */

import { examine, type Examination } from '../journal/examine.ts';
import type { ConsumerStats } from '../journal/journal.ts';
import { escapeText } from '../log/escape.ts';
import { howMany, mebibytes, openOptions, type JournalIo } from './journal-io.ts';

export async function checkJournal(path: string, json: boolean, io: JournalIo): Promise<number> {
  const examination = examine(openOptions(path, io));
  const sound = examination.faults.length === 0;
  if (json) await io.stdout(`${JSON.stringify({ path, sound, ...examination })}\n`);
  else await io.stdout(sayExamination(path, examination, io.now()));
  if (!sound && !json) {
    await io.stderr(
      'idmef: hint: idmef journal repair FILE says what can be saved, and does it with --apply\n',
    );
  }
  return sound ? 0 : 1;
}

function sayExamination(path: string, { faults, stats }: Examination, now: number): string {
  const lines = [`${path}: ${faults.length === 0 ? 'sound' : `damaged, ${howMany(faults.length, 'fault')}`}`];
  for (const fault of faults) lines.push(`  ${escapeText(fault)}`);
  if (stats !== undefined) {
    const set = Object.values(stats.quarantined).reduce((sum, count) => sum + count, 0);
    lines.push(`id ${stats.id}, ${mebibytes(stats.usedBytes)} used, ${set} put into quarantine so far`);
    for (const consumer of stats.consumers) lines.push(sayConsumer(consumer, now));
  }
  return `${lines.join('\n')}\n`;
}

function sayConsumer(consumer: ConsumerStats, now: number): string {
  const { name, pending, leased, held, pendingBytes, oldestAt, active, settled, dead, dropped } = consumer;
  const owed = pending + leased + held;
  const age =
    oldestAt === undefined ? '' : `, the oldest ${Math.max(0, Math.round((now - oldestAt) / 1000))} s old`;
  const state = active ? 'pending' : 'held (not configured any more)';
  const losses = Object.entries(dropped).map(([reason, count]) => `, ${count} dropped (${reason})`);
  const counts = `${howMany(owed, 'message')} ${state}, ${mebibytes(pendingBytes)}${age}`;
  return `consumer ${name}: ${counts}; ${settled} settled${dead > 0 ? `, ${dead} refused` : ''}${losses.join('')}`;
}
