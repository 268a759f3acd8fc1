/**
 * R11: the journal against its model, at a larger scale than in `npm test`: random sequences of appending, leasing, reading,
 * settling, giving back, stale claims, restarts and the passing of time; and the leases of the HTTP side.
 */

import type { FaultContext, FaultResult, Scale, Scenario } from './scenario.ts';
import { runTests } from './run-tests.ts';
import { Score } from './score.ts';

const SEQUENCES: Readonly<Record<Scale, number>> = { ci: 500, long: 10_000 };
const COMMANDS: Readonly<Record<Scale, number>> = { ci: 80, long: 200 };

async function run({ scale, seed }: FaultContext): Promise<FaultResult> {
  const score = new Score();
  const env = {
    NUM_RUNS: String(SEQUENCES[scale]),
    MAX_COMMANDS: String(COMMANDS[scale]),
    MODEL_SEED: String(seed),
  };
  const model = await runTests(['journal/model.test.js'], env);
  const leases = await runTests(['sensor/leases.test.js'], {});
  for (const failure of [...model.failures, ...leases.failures]) score.fail(failure);
  score.runs = SEQUENCES[scale] + leases.passed;
  score.figures.push(
    `${SEQUENCES[scale]} sequences of up to ${COMMANDS[scale]} commands, ${leases.passed} tests of leases`,
  );
  return score.result();
}

export const scenario: Scenario = { id: 'R11', title: 'leases against their model', run };
