/** Which reserve counts, and the line an operator reads. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MinFree } from '../../src/core/settings.ts';
import { diskReserve } from '../../src/os/disk-reserve.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

test('the larger of 512 MiB and 5 % by default; a setting replaces both', () => {
  const check = (total: number, free: number, minFree: MinFree, needed: number, ok: boolean): void => {
    const statfs = (): { bsize: number; blocks: number; bavail: number } => ({
      bsize: 4096,
      blocks: total / 4096,
      bavail: free / 4096,
    });
    const reserve = diskReserve('/var/lib/x', minFree, statfs);
    assert.deepEqual({ needed: reserve.needed, ok: reserve.ok }, { needed, ok });
    assert.equal(reserve.freeBytes, free);
    assert.equal(reserve.reason === '', ok);
  };
  check(4 * GIB, GIB, {}, 512 * MIB, true);
  check(4 * GIB, 400 * MIB, {}, 512 * MIB, false);
  check(100 * GIB, 4 * GIB, {}, 5 * GIB, false);
  check(100 * GIB, 5 * GIB, {}, 5 * GIB, true);
  check(100 * GIB, 4 * GIB, { bytes: GIB }, GIB, true);
  check(100 * GIB, 4 * GIB, { percent: 10 }, 10 * GIB, false);
  check(100 * GIB, 4 * GIB, { bytes: 50 * GIB, percent: 1 }, 50 * GIB, false);
  check(4 * GIB, 0, { bytes: 0 }, 0, true);
});

test('the reason names path, free space and reserve', () => {
  const { reason } = diskReserve('/var/lib/x', {}, () => ({
    bsize: 1024,
    blocks: 10 * MIB,
    bavail: 100 * 1024,
  }));
  assert.equal(reason, 'filesystem of /var/lib/x has 100.0 MiB (1.0 %) free, reserve is 512.0 MiB');
});

test('asks the real filesystem', () => {
  const { freeBytes, freePercent } = diskReserve('/', { bytes: 0 });
  assert.ok(freeBytes > 0 && freePercent > 0 && freePercent <= 100);
});
