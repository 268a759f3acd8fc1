/**
 * Delivers a parcel to a prelude-manager that confirms nothing (`idmef:w`): a message counts as delivered when the
 * system has taken all of it for the connection. What is in its buffers when the manager or the network fails is lost.
 *
 * Called by prelude-destination.ts. The first message of a session waits a moment: a manager that does not let us write
 * closes the connection then.
 */

import { OK } from '../../core/outcome.ts';
import { faultOutcome } from '../exchange.ts';
import { messagesOf, type Parcel, type Report } from '../destination.ts';
import type { Line } from './link.ts';
import { outgoing } from './outgoing.ts';

export async function deliverWritten(
  parcel: Parcel,
  report: Report,
  { session, own }: Line,
  label: string,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, message] of messagesOf(parcel).entries()) {
    signal.throwIfAborted();
    const fault = session.fault();
    if (fault !== undefined) {
      report(index, faultOutcome(fault, signal, label));
      continue;
    }
    const out = outgoing(message, own, undefined);
    if (out.kind === 'refused') {
      report(index, out);
      continue;
    }
    const written = await session.write(out.payload, out.priority);
    await session.proved();
    const { changes } = out;
    const why = session.fault();
    if (written && why?.fault !== 'prelude-closed-at-first-message') {
      report(index, changes.length === 0 ? OK : { kind: 'ok', changes });
    } else if (why !== undefined) {
      report(index, faultOutcome(why, signal, label));
    }
  }
}
