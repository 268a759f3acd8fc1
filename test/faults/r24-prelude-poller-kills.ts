/**
 * R24: kill -9 of the poller in the middle of acknowledged delivery to a real prelude-manager.
 *
 * What its journal has settled stands in the manager's report. After its restart the rest is sent; what comes twice was on
 * its way, so the manager reported it and nobody was there to hear.
 */

import { comesToRest, preludeRounds } from './prelude-rounds.ts';
import type { Scenario } from './scenario.ts';

export const scenario: Scenario = {
  id: 'R24',
  title: 'poller killed while prelude-manager confirms',
  run: async (context) =>
    await preludeRounds(context, {
      twice: 'reported',
      begin: async ({ rig }) => void rig.startPoller(rig.manager.url(rig.profile)),
      strike: async ({ rig }) => {
        await rig.poller()?.kill('SIGKILL');
        // The manager reports what it had received; only then is it known what may come twice.
        await comesToRest(() => {
          rig.report.read();
          return rig.report.times.size;
        });
      },
      mend: async ({ rig }) => void rig.startPoller(rig.manager.url(rig.profile)),
    }),
};
