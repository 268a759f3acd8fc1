/**
 * Real randomness for lease tokens, journal ids and jitter: core/ports.ts's Random on the system's generator.
 * Made by src/app; tests pass a seeded one.
 */

import { randomBytes } from 'node:crypto';

import type { Random } from '../core/ports.ts';

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
};
