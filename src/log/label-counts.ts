/**
 * Counters with labels, counted where something happens and shown by `GET /metrics`: since the program started. Made by the servers
 * of src/sensor and src/dispatcher, each with families of its own.
 *
 * Labels have few values: whoever counts maps what a peer can choose to names of ours, and past
 * monitorLimits.labelSets combinations the rest is one sample.
 */

import { monitorLimits } from '../core/limits.ts';
import type { MetricFamily } from './exposition.ts';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  value: number;
}

export class LabelCounts<Family extends string> {
  readonly #prefix: string;
  readonly #help: Readonly<Record<Family, string>>;
  readonly #samples = new Map<string, Map<string, Sample>>();

  /** The metric of a family is `<prefix><family>_total`. */
  constructor(prefix: string, help: Readonly<Record<Family, string>>) {
    this.#prefix = prefix;
    this.#help = help;
  }

  add(what: Family, labels: Labels = {}): void {
    let samples = this.#samples.get(what);
    if (samples === undefined) this.#samples.set(what, (samples = new Map()));
    const key = JSON.stringify(labels);
    const sample = samples.get(key);
    if (sample !== undefined) sample.value += 1;
    else if (samples.size < monitorLimits.labelSets) samples.set(key, { labels, value: 1 });
    else this.#addOther(samples, labels);
  }

  families(): MetricFamily[] {
    return Object.entries<string>(this.#help).map(([name, help]) => ({
      name: `${this.#prefix}${name}_total`,
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
