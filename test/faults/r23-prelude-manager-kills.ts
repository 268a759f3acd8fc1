/**
 * R23: kill -9 of a real prelude-manager in the middle of acknowledged delivery.
 *
 * What the poller has settled must stand in the manager's report at that moment; the rest arrives after its restart. What
 * comes twice was owed: reported, and the manager died before it could say so; or in its buffers on disk, which it replays
 * without confirming (seen by the times of sending). In every other round it stands still before it dies, with full buffers.
 * As a control the same once without acknowledgement: the method sees what is lost then.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../support/until.ts';
import { Endings } from './endings.ts';
import { makePreludeRig, type PreludeRig } from './prelude-rig.ts';

import { preludeRounds, comesToRest } from './prelude-rounds.ts';
import type { Scenario } from './scenario.ts';

export const scenario: Scenario = {
  id: 'R23',
  title: 'prelude-manager killed while it confirms',
  run: async (context) => {
    const control = await withoutAcknowledgement(join(context.directory, 'control'));
    const result = await preludeRounds(context, {
      twice: 'on its way',
      begin: async ({ rig }) => void rig.startPoller(rig.manager.url(rig.profile)),
      strike: async ({ rig }, round) => {
        if (round % 2 === 1) await stand(rig);
        await rig.manager.kill();
        await comesToRest(() => rig.settled());
      },
      mend: async ({ rig }) => await rig.manager.start(),
    });
    return { ...result, figures: [...result.figures, control] };
  },
};

/** A manager that is busy: what is sent to it piles up on the way, until no more fits there. */
async function stand(rig: PreludeRig): Promise<void> {
  process.kill(rig.manager.pid(), 'SIGSTOP');
  await comesToRest(() => rig.settled());
}

const CONTROL = 1500;

async function withoutAcknowledgement(directory: string): Promise<string> {
  const endings = new Endings();
  mkdirSync(directory);
  try {
    const rig = await makePreludeRig(directory, endings, 'idmef:w');
    const ids = Array.from({ length: CONTROL }, (_, index) => `c0-${index}`);
    await rig.fill(ids);
    rig.startPoller(rig.manager.url(rig.profile));
    await until(
      () => {
        rig.report.read();
        return rig.report.times.size > 0;
      },
      { timeoutMs: 60_000, what: 'a first report' },
    );
    await stand(rig);
    await rig.manager.kill();
    await comesToRest(() => rig.settled());
    const owed = rig.owed();
    rig.report.read();
    const lost = ids.filter((id) => !owed.has(id) && !rig.report.times.has(id));
    const figure = `without acknowledgement one kill loses ${lost.length} of ${CONTROL - owed.size} settled`;
    if (lost.length === 0) throw new Error(`${figure}: the method sees no loss`);
    return figure;
  } finally {
    await endings.run();
  }
}
