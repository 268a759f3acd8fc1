/**
 * Metric families as Prometheus' text format (version 0.0.4). The only importer of prom-client, loaded when the first
 * text is wanted: a program that nobody asks does not pay for it. Called by src/sensor for `GET /metrics`.
 *
 * No global state: each text has a registry of its own, and the numbers come from whoever owns them. A family without
 * samples is left out, because prom-client would claim a zero. Counters must not be negative.
 */

export interface MetricFamily {
  /** `idmef_relay_…`; of a counter with `_total`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Content-Type of the text. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

export async function exposition(families: readonly MetricFamily[]): Promise<string> {
  const { Counter, Gauge, Registry } = (await import('prom-client')).default;
  const registry = new Registry();
  for (const { name, help, kind, samples } of families) {
    if (samples.length === 0) continue;
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels ?? {})))];
    const settings = { name, help, labelNames, registers: [registry] };
    if (kind === 'counter') {
      const counter = new Counter(settings);
      for (const { labels, value } of samples) counter.inc({ ...labels }, value);
    } else {
      const gauge = new Gauge(settings);
      for (const { labels, value } of samples) gauge.set({ ...labels }, value);
    }
  }
  return await registry.metrics();
}
