/** Seeded chance in the forms a simulation needs. */

import { generator } from '../../support/generator.ts';

export interface Chance {
  /** In [0, 1). */
  next(): number;
  /** True with this probability. */
  is(probability: number): boolean;
  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number;
  pick<T>(values: readonly T[]): T;
}

export function chanceOf(seed: number): Chance {
  const next = generator(seed);
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    is: (probability) => next() < probability,
    between,
    pick: (values) => {
      const value = values[between(0, values.length - 1)];
      if (value === undefined) throw new Error('nothing to pick from');
      return value;
    },
  };
}
