/** Makers of metric families with the prefix of this product. Called by metrics.ts and metrics-journal.ts. */

import type { MetricFamily, MetricSample } from '../log/exposition.ts';

type Samples = number | readonly MetricSample[];

/** `name` without prefix and without `_total`. */
export function counter(name: string, help: string, samples: Samples): MetricFamily {
  return family(`${name}_total`, 'counter', help, samples);
}

export function gauge(name: string, help: string, samples: Samples): MetricFamily {
  return family(name, 'gauge', help, samples);
}

function family(name: string, kind: MetricFamily['kind'], help: string, samples: Samples): MetricFamily {
  return {
    name: `idmef_relay_${name}`,
    help,
    kind,
    samples: typeof samples === 'number' ? [{ value: samples }] : samples,
  };
}
