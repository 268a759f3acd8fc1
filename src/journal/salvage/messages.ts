/**
 * Bring over the messages whose checksum is right. Which of them are still owed is decided by owed.ts.
 *
 * Called by salvage.ts. A row found where its tree has it is certain to have been stored; one found out of place, or
 * in a page nothing leads to, may be the remains of a message settled long ago and is marked `uncertain`.
 */

import { loadChecksum } from '../checksum.ts';
import { toRow } from './layout.ts';
import type { Value } from './record.ts';
import type { Wanted } from './carve.ts';
import { walkTree, type Gap } from './walk.ts';
import { MAX_SEQUENCE, tableOf, type Workplace } from './workplace.ts';

const PUT = 'INSERT OR IGNORE INTO message(seq, at, severity, len, crc32, body) VALUES(?, ?, ?, ?, ?, ?)';
const NOTE = `
  INSERT INTO damage(first, last) VALUES(?, ?) ON CONFLICT(first) DO UPDATE SET last = max(last, excluded.last)`;
const MAX_SEVERITY = 4;
const nothing = new Uint8Array(0);

interface Stored {
  readonly seq: number;
  readonly at: number;
  readonly severity: number;
  readonly len: number;
  readonly crc32: number;
  readonly body: Uint8Array;
}

/** Every message its tree leads to. */
export function bringMessages(work: Workplace): void {
  const { source, used } = work;
  const { kind, root, columns } = tableOf(work, 'message');
  const key = (_: readonly Value[], number: number): readonly number[] => [number];
  walkTree(
    source,
    { kind, root, columns: columns.length, used, key },
    {
      row: ({ values, number, misplaced }) => {
        const message = soundMessage(work, values, number);
        if (message === undefined) noteDamage(work, { after: [number], before: [number] });
        else putMessage(work, message, misplaced ? 0 : undefined);
      },
      gap: (gap) => noteDamage(work, gap),
    },
  );
}

/** Messages of pages nothing leads to. */
export function strayMessages(work: Workplace): Wanted {
  const { kind, columns } = tableOf(work, 'message');
  return {
    kind,
    columns: columns.length,
    take: ({ values, number, free }) => {
      const message = soundMessage(work, values, number);
      if (message !== undefined) putMessage(work, message, free ? 1 : 0);
      return message !== undefined;
    },
  };
}

function soundMessage(work: Workplace, values: readonly Value[], number: number): Stored | undefined {
  const row = toRow(tableOf(work, 'message'), values, number);
  if (row === undefined) return undefined;
  const { seq, at, severity, len, crc32, body } = row;
  if (!(body instanceof Uint8Array) || typeof seq !== 'number' || typeof crc32 !== 'number') return undefined;
  if (seq < 1 || seq > MAX_SEQUENCE || len !== body.byteLength || loadChecksum()(body) !== crc32)
    return undefined;
  // The checksum is of the body alone: what stands beside it is taken as far as it makes sense.
  const level = typeof severity === 'number' && severity >= 0 && severity <= MAX_SEVERITY ? severity : 0;
  return { seq, at: typeof at === 'number' ? at : 0, severity: level, len, crc32, body };
}

/** @param free undefined: certain; else whether its page was in the list of free pages */
function putMessage({ target, bodies }: Workplace, message: Stored, free: 0 | 1 | undefined): void {
  const { seq, at, severity, len, crc32, body } = message;
  const fresh = target.run(PUT, seq, at, severity, len, crc32, bodies ? body : nothing) > 0;
  if (free === undefined) {
    if (!fresh) target.run('DELETE FROM uncertain WHERE seq = ?', seq);
  } else if (fresh) target.run('INSERT INTO uncertain(seq, free) VALUES(?, ?)', seq, free);
}

function noteDamage({ target }: Workplace, { after, before }: Gap): void {
  const first = Math.min(after?.[0] ?? 0, MAX_SEQUENCE);
  const last = Math.min(before?.[0] ?? MAX_SEQUENCE, MAX_SEQUENCE);
  if (first === last) target.run('INSERT OR IGNORE INTO bad(seq) VALUES(?)', first);
  else target.run(NOTE, first, last);
}
