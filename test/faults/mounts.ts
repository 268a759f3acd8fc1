/**
 * Filesystems of a scenario's own: small tmpfs, and ext4 or xfs in a file whose power can be cut. Needs root. Everything is
 * unmounted when the scenario ends, however it ends.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../support/until.ts';
import { needTools } from './strace.ts';

export type FileSystem = 'ext4' | 'xfs';

export interface Disk {
  /** Where it is mounted. */
  readonly path: string;
  readonly kind: FileSystem;
  /** What was not made durable is gone from now on; every write fails. `flush` lets the filesystem's log out first. */
  cut(flush: boolean): void;
  /** After a cut: unmounted and mounted again, as by a boot. No process may use it. */
  remount(): Promise<void>;
  remove(): Promise<void>;
}

const MIB = 1024 * 1024;
const SIZES: Readonly<Record<FileSystem, number>> = { ext4: 128 * MIB, xfs: 320 * MIB };

export function needRoot(what: string): void {
  if (process.getuid?.() !== 0) throw new Error(`${what} needs root`);
}

/** A filesystem in a sparse file below `dir`. */
export function makeDisk(dir: string, name: string, kind: FileSystem): Disk {
  needRoot('a loop mount');
  needTools('mount', 'umount', `mkfs.${kind}`, 'xfs_io');
  const image = join(dir, `${name}.img`);
  const path = join(dir, name);
  mkdirSync(path);
  const file = openSync(image, 'w');
  ftruncateSync(file, SIZES[kind]);
  closeSync(file);
  execFileSync(`mkfs.${kind}`, ['-q', image], { stdio: ['ignore', 'pipe', 'pipe'] });
  const mount = (): void => {
    execFileSync('mount', ['-o', 'loop', image, path], { stdio: ['ignore', 'pipe', 'pipe'] });
  };
  mount();
  return {
    path,
    kind,
    cut: (flush) => {
      execFileSync('xfs_io', ['-x', '-c', flush ? 'shutdown -f' : 'shutdown', path], { stdio: 'pipe' });
    },
    remount: async () => {
      await unmount(path);
      mount();
    },
    remove: async () => {
      await unmount(path);
      rmSync(image, { force: true });
    },
  };
}

/** A filesystem in memory of so many bytes. */
export function makeTmpfs(path: string, bytes: number): { remove(): Promise<void> } {
  needRoot('a tmpfs mount');
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'pipe' });
  return { remove: () => unmount(path) };
}

/** Waits for a process that is still ending. Detaches in any case, and complains. */
async function unmount(path: string): Promise<void> {
  let said = '';
  const tried = async (): Promise<boolean> => {
    const { status, stderr } = spawnSync('umount', [path], { encoding: 'utf8' });
    said = stderr;
    return Promise.resolve(status === 0 || /not mounted/.test(stderr));
  };
  try {
    await until(tried, { timeoutMs: 10_000, what: `umount ${path}` });
  } catch (error) {
    spawnSync('umount', ['-l', path]);
    throw new Error(`${path} could not be unmounted: ${said}`, { cause: error });
  }
}

/** The last resort: what a scenario has left mounted below its directory is detached. Returns what that was. */
export function unmountBelow(dir: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const left = mounts.map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${dir}/`));
  for (const path of left.toReversed()) spawnSync('umount', ['-l', path]);
  return left;
}
