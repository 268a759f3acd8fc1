/** The text of /proc/locks as kernels print it, and the cases in which it tells nothing. */

import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { parseLocks, readLocks } from '../../src/os/proc-locks.ts';
import { tempDir } from '../support/temp-dir.ts';

const TEXT = `1: FLOCK  ADVISORY  WRITE 7675 fe:00:2154935 0 EOF
2: POSIX  ADVISORY  WRITE 12 08:01:42 0 EOF
3: POSIX  ADVISORY  READ  12 08:01:43 0 EOF
4: FLOCK  ADVISORY  WRITE 15 08:01:44 0 EOF
4: -> FLOCK  ADVISORY  WRITE 16 08:01:45 0 EOF
5: OFDLCK ADVISORY  WRITE -1 00:1b:46 0 EOF
6: LEASE  ACTIVE    WRITE 17 08:01:47 0 EOF
7: FLOCK  ADVISORY  WRITE 18 103:12345:18446744073709551615 0 EOF
garbage
`;

test('write locks of all kinds that are held', () => {
  const table = parseLocks(TEXT);
  const check = (dev: bigint, ino: bigint, expected: boolean): void =>
    assert.equal(table.has(dev, ino), expected, `${dev}:${ino}`);
  check(65024n, 2154935n, true);
  check(0x801n, 42n, true);
  check(0x801n, 43n, false);
  check(0x801n, 44n, true);
  check(0x801n, 45n, false);
  check(27n, 46n, true);
  check(0x801n, 47n, false);
  // major 0x103, minor 0x12345: low 8 bits of the minor, 12 of the major, the rest of the minor
  check(0x45n | (0x103n << 8n) | (0x12300n << 12n), 18446744073709551615n, true);
  check(0x802n, 42n, false);
  assert.equal(table.size, 5);
  assert.equal(table.visible, true);
});

test('what cannot be seen is said', (t) => {
  const dir = tempDir(t);
  const locks = join(dir, 'locks');
  const [initial, own] = [join(dir, 'initial'), join(dir, 'own')];
  symlinkSync('pid:[4026531836]', initial);
  symlinkSync('pid:[4026532999]', own);
  assert.deepEqual(pick(readLocks(locks, initial)), {
    visible: false,
    why: `${locks} cannot be read (ENOENT)`,
  });
  writeFileSync(locks, TEXT);
  assert.deepEqual(pick(readLocks(locks, initial)), { visible: true, why: '' });
  const inside = readLocks(locks, own);
  assert.deepEqual(pick(inside), { visible: false, why: 'this process has a PID namespace of its own' });
  assert.equal(inside.has(0x801n, 42n), true, 'what shows is used all the same');
});

function pick({ visible, why }: { visible: boolean; why: string }): { visible: boolean; why: string } {
  return { visible, why };
}
