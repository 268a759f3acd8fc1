/**
 * Readers of the prelude-managers of this host that have gone: the manager keeps the events of everybody for each of
 * them, without limit, until it returns. Called by check-prelude.ts.
 *
 * On disk: `SPOOL/<profile of the manager>/send-failover.<analyzerid of the reader>/data0`, messages one after the other
 * with their headers; the first one's time says since when. A reader that is there leaves the file empty. Profiles are
 * looked through for the reader's name.
 */

import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { systemCode } from '../../core/errors.ts';
import { doctorLimits } from '../../core/limits.ts';
import { durationText } from './words.ts';

export interface PreludeDirs {
  /** Of the managers. */
  readonly spool: string;
  readonly profiles: string;
}

export const systemPreludeDirs: PreludeDirs = {
  spool: '/var/spool/prelude',
  profiles: '/etc/prelude/profile',
};

interface Reader {
  readonly reader: string;
  readonly size: string;
  readonly age: string;
  readonly path: string;
  readonly [name: string]: string;
}

const PREFIX = 'send-failover.';
const HEADER_BYTES = 16;
const SECONDS_AT = 8;

/** Those that are away; undefined when no manager's spool can be looked into here. */
export function findReaders({ spool, profiles }: PreludeDirs, now: number): readonly Reader[] | undefined {
  let seen = false;
  const found: Reader[] = [];
  for (const manager of namesIn(spool)) {
    const readers = namesIn(join(spool, manager)).filter((name) => name.startsWith(PREFIX));
    seen ||= readers.length > 0;
    for (const name of readers) {
      const path = join(spool, manager, name);
      const kept = keptIn(path);
      if (kept === undefined || now - kept.since < doctorLimits.readerAwayMs) continue;
      found.push({
        reader: readerName(profiles, name.slice(PREFIX.length)),
        size: sizeText(kept.bytes),
        age: durationText(now - kept.since),
        path,
      });
    }
  }
  return seen ? found.slice(0, doctorLimits.readers) : undefined;
}

function keptIn(dir: string): { readonly bytes: number; readonly since: number } | undefined {
  const files = namesIn(dir).filter((name) => /^data\d+$/.test(name));
  const sizes = files.map((name) => statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const since = Math.min(...files.map((name) => firstTime(join(dir, name)) ?? Infinity));
  return bytes > 0 && Number.isFinite(since) ? { bytes, since } : undefined;
}

/** Wall time (ms) of the first message. */
function firstTime(path: string): number | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  try {
    const file = openSync(path, 'r');
    try {
      if (readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return undefined;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemCode(error) === '') throw error;
    return undefined;
  }
  return header.readUInt32BE(SECONDS_AT) * 1000;
}

/** `profile relay (analyzer 17)`, or `analyzer 17` when no profile of this host has that id. */
function readerName(profiles: string, id: string): string {
  const profile = namesIn(profiles).find((name) => {
    try {
      return readFileSync(join(profiles, name, 'analyzerid'), 'latin1').trim() === id;
    } catch {
      return false;
    }
  });
  return profile === undefined ? `analyzer ${id}` : `profile ${profile} (analyzer ${id})`;
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).toSorted().slice(0, doctorLimits.directoryFiles);
  } catch {
    // Not there, or not for us: the manager runs elsewhere, or as another user.
    return [];
  }
}

/** `12 KiB`, `3.4 GiB`. */
function sizeText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
