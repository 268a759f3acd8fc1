/** `status` on one screen: who fails is not called ok, and who fails for long needs somebody. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { needsSomebody } from '../../../src/cli/dispatcher/status.ts';
import { outboxLimits } from '../../../src/core/limits.ts';
import { startWorld } from '../../app/dispatcher/world.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { run } from './run-verb.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

test('a recipient whose provider fails is said to, and after ten minutes somebody must look', async (t) => {
  const world = await startWorld(t, { pki });
  world.hook.say({ status: 503 });
  await world.alert('one');
  await world.service.sent('archive', 1);
  const failing = await until(async () => {
    const status = await world.service.control.call('status', {});
    const fails = status.service?.lanes.some(({ failingSince }) => failingSince !== undefined) === true;
    const isSent = status.stats.queues.some(({ recipient, sent }) => recipient === 'archive' && sent === 1);
    return fails && isSent ? status : undefined;
  });
  await world.service.sent('archive', 1);
  const { stdout, code } = await run('status', '--state', join(world.dir, 'state'));
  assert.match(stdout, /^siem +failing \d+ s +1 .* http:\/\/127\.0\.0\.1:\d+ answers 503$/m);
  assert.match(stdout, /^archive +ok +0 /m);
  assert.equal(code, 0);
  assert.equal(needsSomebody(failing), false);
  assert.equal(needsSomebody({ ...failing, at: failing.at + outboxLimits.failingReportMs }), true);
});
