/**
 * Delivers a parcel to a prelude-manager that passes back what it has reported (`idmef:rw`): a message counts as
 * delivered when its echo comes.
 *
 * Called by prelude-destination.ts. Messages go out one after the other without waiting for echoes, up to a window. One
 * that could be taken for another under way stands aside until that is confirmed. What is not confirmed when the session
 * ends is to be sent again: at least once.
 */

import { OK, type Outcome } from '../../core/outcome.ts';
import type { Clock } from '../../core/ports.ts';
import { faultOutcome } from '../exchange.ts';
import { messagesOf, type Parcel, type Report } from '../destination.ts';
import { keyOfOurs, type Fate, type InFlight, type Sent } from './in-flight.ts';
import type { Line } from './link.ts';
import { outgoing, type Outgoing } from './outgoing.ts';

interface Echoing {
  readonly parcel: Parcel;
  readonly report: Report;
  readonly line: Line;
  readonly inFlight: InFlight;
  /** Of the destination; taken off the front of faults. */
  readonly label: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export async function deliverEchoed(echoing: Echoing): Promise<void> {
  const { parcel, inFlight, signal, clock } = echoing;
  const own = new Set<Sent>();
  const abort = (): void => {
    for (const sent of own) inFlight.abandon(sent, 'lost', clock.monotonic());
    inFlight.wake();
  };
  signal.addEventListener('abort', abort);
  try {
    const aside: Waiting[] = [];
    for (const [index, message] of messagesOf(parcel).entries()) {
      const waiting = prepare(index, message, echoing);
      if (waiting === undefined) continue;
      if (isFree(waiting, echoing)) await send(waiting, own, echoing);
      else aside.push(waiting);
    }
    for (const waiting of aside) await send(waiting, own, echoing);
    while (own.size > 0 && !signal.aborted) await inFlight.changed();
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

interface Waiting {
  readonly index: number;
  readonly id: string;
  readonly key: string;
  readonly out: Outgoing;
}

/** Undefined when it has met its fate already. */
function prepare(
  index: number,
  message: Buffer,
  { parcel, report, line, label, signal }: Echoing,
): Waiting | undefined {
  const fault = line.session.fault();
  if (fault !== undefined) {
    report(index, faultOutcome(fault, signal, label));
    return undefined;
  }
  const id = `${parcel.journal}:${parcel.sequences[index] ?? 0}`;
  const out = outgoing(message, line.own, id);
  if (out.kind === 'refused') {
    report(index, out);
    return undefined;
  }
  return { index, id, key: keyOfOurs(out.payload), out };
}

function isFree({ key, id }: Waiting, { inFlight, clock }: Echoing): boolean {
  return inFlight.isFree(key, id, clock.monotonic());
}

async function send(waiting: Waiting, own: Set<Sent>, echoing: Echoing): Promise<void> {
  const { report, line, inFlight, label, clock, signal } = echoing;
  const { session } = line;
  const { index, id, key, out } = waiting;
  const { payload, priority, changes } = out;
  while (session.fault() === undefined && !(inFlight.hasRoom(payload.length) && isFree(waiting, echoing))) {
    signal.throwIfAborted();
    await inFlight.changed();
  }
  signal.throwIfAborted();
  const fault = session.fault();
  if (fault !== undefined) {
    report(index, faultOutcome(fault, signal, label));
    return;
  }
  const settle = (fate: Fate): void => {
    own.delete(sent);
    if (!signal.aborted) report(index, outcomeOf(fate));
  };
  const outcomeOf = (fate: Fate): Outcome => {
    if (fate === 'confirmed') return changes.length === 0 ? OK : { kind: 'ok', changes };
    if (fate === 'passed-over') {
      return { kind: 'refused', reason: 'gives no confirmation, while it confirms what was sent later,' };
    }
    const why = session.fault();
    if (why === undefined) throw new Error('a message was lost without its session');
    return faultOutcome(why, signal, label);
  };
  const sent: Sent = { key, id, bytes: payload.length, priority, at: clock.monotonic(), settle };
  own.add(sent);
  inFlight.add(sent);
  await session.write(payload, priority);
}
