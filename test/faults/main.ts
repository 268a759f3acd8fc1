/**
 * `npm run faults [-- --long] [--seed N] [R1 R7 …] [--write] [--json FILE]`: runs the fault scenarios one after the
 * other and prints the table.
 *
 * A scenario is a file `rNN-*.ts` of this folder that exports `scenario` (scenario.ts). Each gets a fresh directory,
 * which is kept and named, with the seed, when it fails. A scenario that throws could not judge, and that is a failure.
 * `--write` puts the table into README.md beside this file. Ends with `N passed, N failed`; exit 1 when any failed.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { endDescendants } from './descendants.ts';
import { unmountBelow } from './mounts.ts';
import type { FaultResult, Scale, Scenario } from './scenario.ts';
import { machineLine, table, writeTable, type Row } from './table.ts';

interface Outcome extends Row {
  /** Kept because it failed. */
  readonly directory: string | undefined;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      long: { type: 'boolean', default: false },
      seed: { type: 'string' },
      write: { type: 'boolean', default: false },
      json: { type: 'string' },
      in: { type: 'string' },
    },
  });
  const scale: Scale = values.long ? 'long' : 'ci';
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed ${values.seed}: not a number`);
  const scenarios = await findScenarios(positionals.map((word) => word.toUpperCase()));
  const base = mkdtempSync(join(values.in ?? tmpdir(), 'idmef-relay-faults-'));
  let current = base;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      endDescendants(process.pid);
      unmountBelow(base);
      say(`\nended by ${signal} (seed ${seed}); ${current} is left`);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    });
  }
  say(`scale ${scale}, seed ${seed}, ${machineLine()}`);
  const rows: Outcome[] = [];
  for (const scenario of scenarios) {
    current = join(base, scenario.id.toLowerCase());
    mkdirSync(current);
    rows.push(await runOne(scenario, { seed, scale, directory: current }));
  }
  if (rows.every(({ directory }) => directory === undefined)) rmSync(base, { recursive: true, force: true });
  process.stdout.write(`\n${machineLine()}\n\n${table(rows)}\n`);
  if (values.write) say(`written: ${writeTable(rows, machineLine())}`);
  for (const { id, directory } of rows) {
    if (directory !== undefined) say(`${id} failed with seed ${seed}; its directory is kept: ${directory}`);
  }
  const failed = rows.filter(({ failures }) => failures.length > 0).length;
  const counts = { passed: rows.length - failed, failed };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(counts)}\n`);
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  return failed > 0 || rows.length === 0 ? 1 : 0;
}

async function findScenarios(wanted: readonly string[]): Promise<Scenario[]> {
  const folder = dirname(fileURLToPath(import.meta.url));
  const names = readdirSync(folder).filter((name) => /^r\d\d-[a-z0-9-]+\.js$/.test(name));
  const found: Scenario[] = [];
  for (const name of names.toSorted()) {
    const path = join(folder, name);
    // Others of its number help it, some as programs of their own: those are not to be imported.
    if (!/^export const scenario\b/m.test(readFileSync(path, 'utf8'))) continue;
    const module: unknown = await import(pathToFileURL(path).href);
    if (!holdsScenario(module)) throw new Error(`what ${name} exports is no scenario`);
    found.push(module.scenario);
  }
  const alone = names.find((name) => !found.some(({ id }) => id === `R${Number(name.slice(1, 3))}`));
  if (alone !== undefined) throw new Error(`${alone} exports no scenario, nor does another of its number`);
  const unknown = wanted.find((word) => !found.some(({ id }) => id === word));
  if (unknown !== undefined) {
    throw new Error(`no scenario ${unknown}; there are ${found.map(({ id }) => id).join(', ')}`);
  }
  return wanted.length === 0 ? found : found.filter(({ id }) => wanted.includes(id));
}

function holdsScenario(module: unknown): module is { readonly scenario: Scenario } {
  if (typeof module !== 'object' || module === null || !('scenario' in module)) return false;
  const { scenario } = module;
  return typeof scenario === 'object' && scenario !== null && 'id' in scenario && 'run' in scenario;
}

async function runOne(
  { id, title, run }: Scenario,
  context: { readonly seed: number; readonly scale: Scale; readonly directory: string },
): Promise<Outcome> {
  say(`\n${id} ${title}`);
  const { directory } = context;
  const began = performance.now();
  let result: FaultResult;
  try {
    result = await run({ ...context, say: (line) => say(`${id}: ${line}`) });
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    result = { ...nothing, failures: [`it could not judge: ${words}`] };
  }
  const left = unmountBelow(directory);
  const failures =
    left.length === 0 ? result.failures : [...result.failures, `left mounted: ${left.join(', ')}`];
  const seconds = (performance.now() - began) / 1000;
  for (const failure of failures) say(`${id} FAILED: ${failure}`);
  for (const figure of result.figures) say(`${id}: ${figure}`);
  const bad = failures.length > 0;
  say(`${id}: ${bad ? 'failed' : 'passed'} in ${seconds.toFixed(1)} s`);
  if (!bad) rmSync(directory, { recursive: true, force: true });
  const { scale, seed } = context;
  return {
    id,
    title,
    ...result,
    failures,
    seconds,
    run: `${scale}, seed ${seed}`,
    directory: bad ? directory : undefined,
  };
}

const nothing: FaultResult = {
  runs: 0,
  faults: 0,
  obligations: 0,
  lost: 0,
  unexpected: 0,
  altered: 0,
  duplicates: 0,
  failures: [],
  figures: [],
};

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Without waiting for sockets that a scenario has left behind: Node's own teardown can wait for them for ever. */
function end(code: number): never {
  endDescendants(process.pid);
  process.exit(code);
}

try {
  end(await main());
} catch (error) {
  say(`faults: error: ${error instanceof Error ? error.message : String(error)}`);
  end(64);
}
