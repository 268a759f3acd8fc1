/** Schedules: the next time comes from the calendar, runs do not overlap, a signal ends the waiting. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { RelayError } from '../../src/core/errors.ts';
import { checkCron, scheduleRuns } from '../../src/schedule/schedule.ts';

const everySecond = '* * * * * *';

describe('schedule', () => {
  test('runs one after another until the signal', async () => {
    const abort = new AbortController();
    let open = 0;
    let runs = 0;
    await scheduleRuns(
      everySecond,
      async () => {
        open += 1;
        assert.equal(open, 1);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
        runs += 1;
        if (runs === 2) abort.abort();
      },
      { signal: abort.signal },
    );
    assert.equal(runs, 2);
  });

  test('does not run when aborted while waiting', async () => {
    const abort = new AbortController();
    setImmediate(() => abort.abort());
    await scheduleRuns('0 0 1 1 *', () => assert.fail('ran'), { signal: abort.signal });
  });

  const bad: readonly (readonly [cron: string, message: RegExp])[] = [
    ['every day', /^schedule 'every day' is not a cron expression: /],
    ['61 * * * *', /^schedule '61 \* \* \* \*' is not a cron expression: /],
    ['', /^schedule '' is not a cron expression: /],
    ['0 0 30 2 *', /^schedule '0 0 30 2 \*' names a time that never comes$/],
  ];
  for (const [cron, message] of bad) {
    test(`refuses '${cron}'`, () => {
      assert.throws(
        () => checkCron(cron),
        (error) => error instanceof RelayError && error.code === 'USAGE' && message.test(error.message),
      );
    });
  }
});
