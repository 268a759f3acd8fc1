/**
 * Preloaded into a built program (`node --import`): lets its monotonic clock jump, in every thread, as soon as the
 * file named by CLOCK_JUMP_FILE exists; it holds the milliseconds. So a test need not sit out a minute.
 */

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const file = process.env['CLOCK_JUMP_FILE'] ?? '';
const real = performance.now.bind(performance);
let ahead = 0;
performance.now = () => real() + ahead;
setInterval(() => {
  try {
    ahead = Number(readFileSync(file, 'utf8'));
  } catch {
    // Not yet.
  }
}, 50).unref();
