/**
 * Whether a systemd unit of ours lets its service write in a directory: `ProtectSystem=strict` leaves all but a few
 * read-only, and a check by hand runs outside that sandbox. Reads the unit and its drop-ins, nothing else.
 *
 * Called by check-profile.ts and check-server.ts. Knows what our units use (systemd.exec(5)): ReadWritePaths=,
 * StateDirectory=, and prefixes `-` and `+`.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { Examination } from './examination.ts';

/** In the order in which systemd looks. */
export const systemUnitDirs: readonly string[] = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

interface SandboxQuestion {
  readonly unitDirs: readonly string[];
  /** `http-proxy@dmz1.service` */
  readonly unit: string;
  readonly dir: string;
}

export async function checkSandbox(exam: Examination, question: SandboxQuestion): Promise<void> {
  const { unitDirs, unit, dir } = question;
  const lines = unitLines(unitDirs, unit);
  if (!lines.some((line) => /^ProtectSystem=strict$/.test(line))) return;
  const path = resolve(dir);
  const open = [
    ...valuesOf(lines, 'ReadWritePaths'),
    ...valuesOf(lines, 'StateDirectory').map(stateDirectory),
  ];
  if (open.some((allowed) => path === allowed || path.startsWith(`${allowed.replace(/\/$/, '')}/`))) {
    await exam.ok('sandbox', `${unit} may write in ${dir}`);
  } else {
    await exam.find('sandbox', 'sandbox-read-only', { unit, dir: path });
  }
}

/** Of the unit file found first and of all drop-ins; `NAME@.service` stands for each instance. */
function unitLines(unitDirs: readonly string[], unit: string): readonly string[] {
  const names = [unit, unit.replace(/@[^.]*\./, '@.')];
  const main = unitDirs
    .flatMap((dir) => names.map((name) => join(dir, name)))
    .map(read)
    .find((text) => text !== undefined);
  const dropIns = unitDirs.flatMap((dir) =>
    [...new Set(names)].flatMap((name) => readAll(join(dir, `${name}.d`))),
  );
  return [main ?? '', ...dropIns].flatMap((text) => text.split('\n').map((line) => line.trim()));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readAll(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith('.conf'))
      .toSorted()
      .flatMap((name) => read(join(dir, name)) ?? []);
  } catch {
    return [];
  }
}

/** An empty assignment takes back what stood before it. */
function valuesOf(lines: readonly string[], key: string): string[] {
  let values: string[] = [];
  for (const line of lines) {
    if (!line.startsWith(`${key}=`)) continue;
    const words = line
      .slice(key.length + 1)
      .split(/\s+/)
      .filter((word) => word !== '');
    values = words.length === 0 ? [] : [...values, ...words.map((word) => word.replace(/^[-+]+/, ''))];
  }
  return values;
}

function stateDirectory(name: string): string {
  return join('/var/lib', name);
}
