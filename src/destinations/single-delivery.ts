/**
 * Delivers a parcel one message per POST, several at a time.
 *
 * Called by gateway.ts. A definite "not now" or "not here" stops the rest at once; a connection that breaks
 * may be one message's doing, so the others are still tried until several in a row have failed or none got
 * through. A gateway that refuses one after the other and has taken none gets no more of them for now: what was
 * not sent is kept and was not refused. What cannot be put into the receiver's form is not sent, and says nothing of
 * the receiver. Each message is reported as soon as its answer is there.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Outcome } from '../core/outcome.ts';
import { messagesOf, refusesAll, type Parcel, type Report } from './destination.ts';
import { post, type Sending } from './exchange.ts';
import type { Form } from './single-form.ts';

const headers = { 'content-type': 'text/xml' };

export async function deliverSingly(
  parcel: Parcel,
  form: Form,
  report: Report,
  sending: Sending,
): Promise<void> {
  const messages = messagesOf(parcel);
  let next = 0;
  let accepted = 0;
  let faultsInARow = 0;
  let refused = 0;
  let stop: Outcome | undefined;

  const work = async (): Promise<void> => {
    while (stop === undefined && next < messages.length) {
      const index = next++;
      const formed = form(messages[index] ?? Buffer.alloc(0));
      if (formed.kind === 'refused') {
        report(index, formed);
        continue;
      }
      const { changes } = formed;
      const { outcome, fault } = await post(sending, headers, formed.document);
      report(index, outcome.kind === 'ok' && changes.length > 0 ? { ...outcome, changes } : outcome);
      if (outcome.kind === 'ok' || outcome.kind === 'refused') {
        if (outcome.kind === 'ok') accepted += 1;
        else refused += 1;
        faultsInARow = 0;
        if (outcome.kind === 'refused' && accepted === 0 && refused >= pollerLimits.refusalsInARow) {
          stop ??= refusesAll(refused, outcome.reason);
        }
        continue;
      }
      faultsInARow += 1;
      const tolerable = fault && outcome.kind === 'again' && accepted > 0;
      if (!tolerable || faultsInARow >= pollerLimits.refusalsBeforeDoubt) stop ??= outcome;
    }
  };

  const workers = Math.min(pollerLimits.connections, messages.length);
  await Promise.all(Array.from({ length: workers }, work));
  if (stop !== undefined) for (let index = next; index < messages.length; index++) report(index, stop);
}
