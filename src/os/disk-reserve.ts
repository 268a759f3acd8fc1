/**
 * The disk reserve: how much of a filesystem stays free for others (`--min-free`, ARCHITECTURE.md: Spool intake).
 *
 * Asked by the sensor's intake and the poller before they take more in; below the reserve they stop, say the
 * reason once, and go on by themselves when there is room again. Nothing is dropped for it. By default the
 * larger of 512 MiB and 5 % counts; a setting given replaces both.
 */

import * as fs from 'node:fs';

import { diskLimits } from '../core/limits.ts';
import type { MinFree } from '../core/settings.ts';

export interface DiskReserve {
  readonly ok: boolean;
  /** Free to an unprivileged process. */
  readonly freeBytes: number;
  /** Of the filesystem's size, 0–100. */
  readonly freePercent: number;
  /** Bytes that must stay free. */
  readonly needed: number;
  /** One line that names path, free space and reserve; '' when ok. */
  readonly reason: string;
}

/** What is asked of statfs(2); `fs.statfsSync` fits. */
export type StatFs = (path: string) => { bsize: number; blocks: number; bavail: number };

/** Whether the filesystem of `path` has its reserve. Throws what statfs throws when the path cannot be asked. */
export function diskReserve(
  path: string,
  minFree: MinFree = {},
  statfs: StatFs = fs.statfsSync,
): DiskReserve {
  const stat = statfs(path);
  const total = stat.blocks * stat.bsize;
  const freeBytes = stat.bavail * stat.bsize;
  const needed = reserveOf(total, minFree);
  const freePercent = total === 0 ? 0 : (freeBytes / total) * 100;
  const ok = freeBytes >= needed;
  const reason = ok
    ? ''
    : `filesystem of ${path} has ${formatBytes(freeBytes)} (${freePercent.toFixed(1)} %) free, reserve is ${formatBytes(needed)}`;
  return { ok, freeBytes, freePercent, needed, reason };
}

/** The larger of what is set, or of the two defaults when nothing is. */
function reserveOf(total: number, minFree: MinFree): number {
  const unset = minFree.bytes === undefined && minFree.percent === undefined;
  const bytes = minFree.bytes ?? (unset ? diskLimits.minFreeBytes : 0);
  const percent = minFree.percent ?? (unset ? diskLimits.minFreePercent : 0);
  return Math.max(bytes, (total / 100) * percent);
}

/** Bytes for people: binary units, one decimal. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1024) return `${unit === 'B' ? Math.round(value) : value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${value.toFixed(1)} TiB`;
}
