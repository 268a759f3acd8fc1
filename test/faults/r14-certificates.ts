/**
 * R14: certificates as operated for years. The matrix (certificate-cells.ts) and reloads (reload-cells.ts) on TLS 1.2 and 1.3, the reason of each
 * cell asserted in the words of both programs; then rotations of everything under load with no failed poll.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../support/free-port.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { runProgram, startProgram, type Program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { certificateCells, type Cell } from './certificate-cells.ts';
import { hasLine, tlsFlags, versionFlags, type Version } from './certificate-files.ts';
import { reloadCells } from './reload-cells.ts';
import { rotateUnderLoad } from './rotate-under-load.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

/** So many cells at a time. */
const WIDTH = 3;

export const scenario: Scenario = {
  id: 'R14',
  title: 'certificate matrix, reload, rotations under load',
  run,
};

async function run(context: FaultContext): Promise<FaultResult> {
  const { directory, scale } = context;
  const failures: string[] = [];
  const pki = await makePki(join(directory, 'pki'));
  const cells = await certificateCells(pki, directory);
  const groups = groupsOf(cells);
  const jobs = (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) =>
    groups.map((group) => async () => {
      for (const [cell, fault] of await runGroup(group, version, pki, directory)) {
        if (fault !== '') failures.push(`${cell.name} (${version}): ${fault}`);
      }
    }),
  );
  const began = performance.now();
  await inParallel(jobs, WIDTH);
  context.say(
    `${2 * cells.length} cells with ${jobs.length} sensors in ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
  const reloads = reloadCells(directory);
  for (const { name, work } of reloads) {
    const fault = await work().catch(String);
    if (fault !== '') failures.push(`${name}: ${fault}`);
  }
  const all = 2 * cells.length + reloads.length;
  const good = all - failures.length;
  const rotations = await rotateUnderLoad(context, scale === 'ci' ? 50 : 1000);
  return {
    ...rotations.result,
    runs: all + 1,
    faults: all + rotations.result.faults,
    failures: [...failures, ...rotations.result.failures],
    figures: [`cells ${good}/${all}`, ...rotations.result.figures],
  };
}

async function inParallel(jobs: readonly (() => Promise<void>)[], width: number): Promise<void> {
  const queue = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Cells that can share a sensor: the same files, and no reason twice, since a repeated one is only counted. */
function groupsOf(cells: readonly Cell[]): readonly (readonly Cell[])[] {
  const groups: Cell[][] = [];
  for (const cell of cells) {
    const key = JSON.stringify(cell.sensor ?? {});
    const fits = groups.find(
      (group) =>
        JSON.stringify(group[0]?.sensor ?? {}) === key &&
        group.every(
          ({ sensorSays }) => sensorSays === undefined || String(sensorSays) !== String(cell.sensorSays),
        ),
    );
    if (fits === undefined) groups.push([cell]);
    else fits.push(cell);
  }
  return groups;
}

/** Each cell with its verdict: '' when both sides did and said what they should. */
async function runGroup(
  cells: readonly Cell[],
  version: Version,
  pki: Pki,
  directory: string,
): Promise<readonly (readonly [Cell, string])[]> {
  const [first] = cells;
  if (first === undefined) return [];
  const place = join(directory, `${first.name.replaceAll(/[^a-z0-9]+/gi, '-')}-${version}`);
  for (const name of ['spool', 'sensor']) mkdirSync(join(place, name), { recursive: true });
  const port = await freePort();
  const sensor = startProgram('reverse-server', [
    ...tlsFlags(first.sensor, pki, 'server'),
    '--port',
    String(port),
    '--address',
    '127.0.0.1',
    '--spooldir',
    join(place, 'spool'),
    '--delete',
    '--state',
    join(place, 'sensor'),
    '--min-free',
    '1M',
  ]);
  try {
    const started = await sensor.line(/^Listening on/).then(
      () => true,
      () => false,
    );
    const verdicts: (readonly [Cell, string])[] = [];
    for (const cell of cells) {
      const verdict = started
        ? await runCell(cell, { version, pki, place, port, sensor }).catch(String)
        : startFault(cell, await sensor.exited, sensor);
      verdicts.push([cell, verdict]);
    }
    return verdicts;
  } finally {
    await sensor.kill('SIGTERM');
  }
}

interface Running {
  readonly version: Version;
  readonly pki: Pki;
  readonly place: string;
  readonly port: number;
  readonly sensor: Program;
}

async function runCell(cell: Cell, { version, pki, place, port, sensor }: Running): Promise<string> {
  if (cell.sensorExit !== undefined) return 'the sensor started';
  const before = sensor.stderr().length;
  const out = join(place, `${cell.name.replaceAll(/[^a-z0-9]+/gi, '-')}-out`);
  mkdirSync(out);
  const poller = await runProgram(
    'http-proxy',
    [
      ...tlsFlags(cell.poller, pki, 'client'),
      '--sensor',
      `https://localhost:${port}/`,
      '--manager',
      `file://${out}`,
      '--state',
      join(out, 'state'),
      '--min-free',
      '1M',
      '--timeout',
      '5',
    ],
    { nodeFlags: versionFlags(version) },
  );
  const { sensorSays } = cell;
  if (sensorSays !== undefined) {
    await until(() => hasLine(sensor.stderr(), sensorSays), {
      what: `${sensorSays} in ${JSON.stringify(sensor.stderr())}`,
    });
  } else if (/refused: (?!closed by the peer)/.test(sensor.stderr().slice(before))) {
    // Who does not like our certificate may be gone before the handshake has ended for us.
    return `the sensor refuses: ${sensor.stderr().slice(before)}`;
  }
  if (poller.code !== cell.exit) {
    return `http-proxy ended with ${poller.code}, not ${cell.exit}: ${poller.stderr}`;
  }
  if (cell.pollerSays !== undefined && !hasLine(poller.stderr, cell.pollerSays)) {
    return `http-proxy says ${JSON.stringify(poller.stderr)}, not ${cell.pollerSays}`;
  }
  return cell.pollerSays === undefined && poller.stderr.trim() !== ''
    ? `http-proxy says ${poller.stderr}`
    : '';
}

function startFault(cell: Cell, { code }: { readonly code: number | null }, sensor: Program): string {
  if (code !== cell.sensorExit) return `the sensor ended with ${code}: ${sensor.stderr()}`;
  const words = cell.sensorSays;
  return words === undefined || hasLine(sensor.stderr(), words) ? '' : `the sensor says ${sensor.stderr()}`;
}
