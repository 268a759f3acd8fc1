/**
 * What the HTTPS side has done since it started, counted where it happens and shown by `GET /metrics`. One object per
 * server, made by server.ts. What must survive a restart is counted by the journal instead.
 *
 * Labels have few values: whoever counts maps what a peer can choose to names of ours, and past
 * monitorLimits.labelSets combinations the rest is one sample.
 */

import { monitorLimits } from '../core/limits.ts';
import type { MetricFamily } from '../log/exposition.ts';

/** Family → help. The metric is `idmef_relay_<family>_total`. */
const FAMILIES = {
  connections_accepted: 'Connections whose handshake was completed.',
  connections_refused: 'Connections ended by us to protect the others, by reason.',
  handshakes_refused: 'TLS handshakes that failed, by reason.',
  requests: 'Requests, by path, method and status; status none: no answer was begun.',
  requests_malformed: 'Requests that were not HTTP, or too large or too slow, by status.',
  lease_events: 'Leases by what happened to them; stale: a token that was unknown, over, or of another peer.',
  receipts: 'Answers without a lease that consume, by sign of receipt; none: their messages were due again.',
} as const;

type Counted = keyof typeof FAMILIES;
type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  value: number;
}

export class Counts {
  readonly #samples = new Map<string, Map<string, Sample>>();

  add(what: Counted, labels: Labels = {}): void {
    let samples = this.#samples.get(what);
    if (samples === undefined) this.#samples.set(what, (samples = new Map()));
    const key = JSON.stringify(labels);
    const sample = samples.get(key);
    if (sample !== undefined) sample.value += 1;
    else if (samples.size < monitorLimits.labelSets) samples.set(key, { labels, value: 1 });
    else this.#addOther(samples, labels);
  }

  families(): MetricFamily[] {
    return Object.entries(FAMILIES).map(([name, help]) => ({
      name: `idmef_relay_${name}_total`,
      help,
      kind: 'counter',
      samples: [...(this.#samples.get(name)?.values() ?? [])].map((sample) => ({ ...sample })),
    }));
  }

  #addOther(samples: Map<string, Sample>, labels: Labels): void {
    const other = Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']));
    const key = JSON.stringify(other);
    const sample = samples.get(key);
    if (sample === undefined) samples.set(key, { labels: other, value: 1 });
    else sample.value += 1;
  }
}
