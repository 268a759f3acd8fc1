/**
 * R25: the network between the poller and a real prelude-manager fails in the middle of acknowledged delivery: nothing
 * passes for a while, what is sent vanishes, or connections are reset.
 *
 * What is settled stands in the manager's report at any time. Whatever was on its way is sent again after a lost
 * connection, so it may come twice.
 */

import { setTimeout as delay } from 'node:timers/promises';

import { createChaosProxy, type ChaosProxy } from './chaos-proxy.ts';
import { preludeRounds } from './prelude-rounds.ts';
import type { Scenario } from './scenario.ts';

/** Shorter and longer than the poller's patience of 2 s. */
const LONGEST_MS = 5000;

export const scenario: Scenario = {
  id: 'R25',
  title: 'network between poller and prelude-manager fails',
  run: async (context) => {
    let proxy: ChaosProxy | undefined;
    return await preludeRounds(context, {
      twice: 'on its way',
      begin: async ({ rig }, _directory, endings) => {
        const made = await createChaosProxy({ target: { port: rig.manager.port }, seed: context.seed });
        proxy = made;
        endings.after(() => made.close());
        rig.startPoller(rig.manager.url(rig.profile, made.port));
      },
      strike: async ({ chance }, round) => {
        const kinds = [{ partition: true }, { silent: true }, { resetChance: 1 }] as const;
        proxy?.set(kinds[round % kinds.length] ?? {});
        await delay(chance() * LONGEST_MS);
      },
      mend: async () => proxy?.set({}),
    });
  },
};
