/**
 * Proof of poison, as in the poller: a gateway that answers 500 may dislike one message or be ill itself. A refusal counts
 * only if others were accepted meanwhile; after pollerLimits.refusalsBeforePoison of them the message is refused for good, until then
 * it is put off. A gateway that refuses everything proves nothing, and nothing dies of it.
 *
 * In memory and bounded: what is forgotten delays a verdict. Called by destination-sink.ts.
 */

import { ownSinkLimits, pollerLimits } from '../../../../core/limits.ts';
import type { Outcome } from '../../../../core/outcome.ts';

interface Entry {
  readonly seen: number;
  readonly proven: number;
  /** All that had been accepted when it was last refused. */
  readonly accepted: number;
}

export interface RefusalProof {
  /** The outcomes of one call, with refusals that prove nothing turned into `again`. */
  judge(outcomes: ReadonlyMap<number, Outcome>): Map<number, Outcome>;
}

export function createRefusalProof(): RefusalProof {
  const entries = new Map<number, Entry>();
  let accepted = 0;
  return {
    judge: (outcomes) => {
      const now = [...outcomes.values()].filter(({ kind }) => kind === 'ok').length;
      accepted += now;
      return new Map(
        [...outcomes].map(([seq, outcome]): [number, Outcome] => {
          if (outcome.kind === 'ok') entries.delete(seq);
          if (outcome.kind !== 'refused' || outcome.certain === true) return [seq, outcome];
          const before = entries.get(seq);
          const counts = now > 0 || (before !== undefined && accepted > before.accepted);
          const proven = (before?.proven ?? 0) + (counts ? 1 : 0);
          const seen = (before?.seen ?? 0) + 1;
          entries.delete(seq);
          if (proven >= pollerLimits.refusalsBeforePoison) {
            const reason = `${outcome.reason} (refused ${seen} times while others were accepted)`;
            return [seq, { kind: 'refused', reason, certain: true }];
          }
          entries.set(seq, { seen, proven, accepted });
          const [oldest] = entries.keys();
          if (entries.size > ownSinkLimits.refusals && oldest !== undefined) entries.delete(oldest);
          return [seq, { kind: 'again', reason: `refused, which proves nothing yet: ${outcome.reason}` }];
        }),
      );
    },
  };
}
