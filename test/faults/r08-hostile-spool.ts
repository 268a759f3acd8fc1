/**
 * R8: a spool full of what is no alert, a hundred of each, while healthy alerts flow.
 *
 * Two parts: the tests of the intake (a hundred of each kind, on a clock held by hand, so that also what needs a minute is
 * seen), and the built program, into whose spool everything is thrown at once between healthy files.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../support/until.ts';
import { makeWorld } from '../support/world.ts';
import { faultDocument } from './fault-alert.ts';
import { LeaseClient } from './lease-client.ts';
import { Oracle } from './oracle.ts';
import { writeDurably } from './producer.ts';
import { runTests } from './run-tests.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';
import { judgeJournal, Score } from './score.ts';
import { needTools } from './strace.ts';

const TIMES = 100;

/** Puts something hostile at a path of the spool; `elsewhere` is a directory outside it. */
const kinds: Readonly<Record<string, (path: string, elsewhere: string) => void>> = {
  directory: (path) => mkdirSync(path),
  'dangling-link': (path) => symlinkSync('/nowhere/x', path),
  'link-loop': (path) => symlinkSync(path, path),
  'link-elsewhere': (path, elsewhere) => symlinkSync(join(elsewhere, 'secret'), path),
  fifo: (path) => void execFileSync('mkfifo', [path]),
  empty: (path) => writeFileSync(path, ''),
  nul: (path) => writeFileSync(path, Buffer.alloc(100)),
  truncated: (path) => writeFileSync(path, faultDocument(['truncated']).subarray(0, 300)),
  'entity-bomb': (path) => writeFileSync(path, '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'),
  html: (path) => writeFileSync(path, '<html/>'),
  random: (path) => writeFileSync(path, Buffer.from(Array.from({ length: 500 }, (_, n) => (n * 7919) % 256))),
};

async function run({ directory, say }: FaultContext): Promise<FaultResult> {
  needTools('mkfifo');
  const score = new Score();
  const unit = await runTests(['sensor/intake-hostile.test.js'], {});
  score.runs += unit.passed;
  for (const failure of unit.failures) score.fail(`intake-hostile: ${failure}`);
  say(`${unit.passed} tests of the intake passed`);

  const world = await makeWorld(directory);
  const elsewhere = join(directory, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'secret'), faultDocument(['secret']));
  const oracle = new Oracle();
  const client = new LeaseClient(world);
  const program = await world.startSensor(['--delete']);
  try {
    const rounds = Object.entries(kinds);
    for (let n = 0; n < TIMES; n += 1) {
      for (const [name, make] of rounds) {
        make(join(world.spool, `${name}-${n}.xml`), elsewhere);
        score.faults += 1;
      }
      writeFileSync(notUtf8(world.spool, n), '<html/>');
      score.faults += 1;
      if (n === 0) {
        writeFileSync(join(world.spool, 'huge.xml'), '');
        truncateSync(join(world.spool, 'huge.xml'), 100 * 1024 * 1024);
      }
      writeDurably(world.spool, `healthy-${n}`, [`healthy-${n}`], oracle);
      if (n % 10 === 0) await client.drain(0);
    }
    const began = performance.now();
    const arrived = async (): Promise<boolean> => {
      await client.drain(1, 0, 500);
      return oracle.missing(client.ids()).length === 0;
    };
    await until(arrived, { timeoutMs: 20_000, what: 'the healthy alerts' }).catch((error: unknown) =>
      score.fail(String(error)),
    );
    score.figures.push(
      `${unit.passed} intake tests; the last healthy alert ${Math.round(performance.now() - began)} ms after the last hostile file`,
    );
    const { code } = await program.kill('SIGTERM');
    if (code !== 0) score.fail(`it ended with ${code}: ${program.stderr().slice(-500)}`);
  } finally {
    await program.kill('SIGKILL');
  }
  score.runs += 1;
  score.add(oracle.verdict({ client: client.arrivals() }), 'the built program');
  const { broken } = await judgeJournal(join(world.sensorState, 'journal.db'));
  for (const law of broken) score.fail(law);
  return score.result();
}

function notUtf8(dir: string, n: number): Buffer {
  return Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x80 + n]), Buffer.from('.xml')]);
}

export const scenario: Scenario = { id: 'R8', title: 'hostile spool', run };
