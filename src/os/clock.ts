/**
 * The real clock, handed to whatever asks for core/ports.ts's Clock. Made by src/app; tests pass their own.
 * `monotonic` is performance.now(): it does not jump with the wall clock and starts near 0 with the process.
 */

import { performance } from 'node:perf_hooks';

import type { Clock } from '../core/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
