/**
 * R23: kill -9 of a real prelude-manager in the middle of acknowledged delivery.
 *
 * What the poller has settled must stand in the manager's report at that moment; the rest arrives after its restart. What
 * comes twice had been reported, and the manager died before it could say so.
 */

import { preludeRounds, comesToRest } from './prelude-rounds.ts';
import type { Scenario } from './scenario.ts';

export const scenario: Scenario = {
  id: 'R23',
  title: 'prelude-manager killed while it confirms',
  run: async (context) =>
    await preludeRounds(context, {
      stillness: true,
      begin: async ({ rig }) => void rig.startPoller(rig.manager.url(rig.profile)),
      strike: async ({ rig }) => {
        await rig.manager.kill();
        await comesToRest(() => rig.settled());
      },
      mend: async ({ rig }) => await rig.manager.start(),
    }),
};
