/**
 * Commands without a running service: the store is opened here, under its lock, and the verbs work on it directly. What only the service can
 * do (deliver, listen, test) is refused with the words to start it.
 */

import { join } from 'node:path';

import { RelayError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import {
  type Control,
  localControl,
  type VerbArgs,
  type VerbName,
  type VerbResult,
} from '../../dispatcher/control/call.ts';
import { createRenderer } from '../../dispatcher/render/renderer.ts';
import { createRouter } from '../../dispatcher/route/router.ts';
import { compileSilences } from '../../dispatcher/route/silences.ts';
import { openStore } from '../../dispatcher/store/in-process.ts';
import { createSubject } from '../../idmef/criteria/create-subject.ts';
import { systemRandom } from '../../os/random.ts';
import { createConfiguration } from './configuration.ts';
import { explainInbound } from './explain.ts';
import type { ControlPlace } from './open-control.ts';
import { systemTimers } from './real-timers.ts';

/** Throws RelayError: JOURNAL_BUSY when a service runs whose socket does not answer, CONFIG for a configuration that is not sound. */
export async function openAlone(place: ControlPlace, by: string): Promise<Control> {
  const random = systemRandom;
  const clock = systemTimers;
  const store = await openStore({ path: join(place.stateDir, 'dispatcher.db'), clock, random });
  try {
    const configuration = createConfiguration({
      place,
      store,
      clock,
      log: silentLogger,
      print: () => undefined,
    });
    await configuration.start(async () => ({ commit: () => undefined, discard: () => undefined }));
    const { config } = configuration.current;
    const { silences } = compileSilences(await store.silences());
    const router = createRouter(config, () => silences);
    const { instance, localesDir } = config;
    const renderer = await createRenderer({
      log: silentLogger,
      instance,
      createSubject,
      ...(localesDir === undefined ? {} : { localesDir }),
    });
    const control = localControl(
      {
        store,
        clock,
        random,
        config: () => configuration.current.config,
        types: () => configuration.current.types,
        sourceNames: () => configuration.current.sourceNames,
        router: () => router,
        renderer: () => renderer,
        explain: (inbound) => explainInbound(router, inbound, clock.now()),
        tryOut: async (stored) => await configuration.tryOut(stored),
        reload: async () => await configuration.reload(),
        changed: async () => undefined,
        testRecipient: async () => {
          throw new RelayError('UNAVAILABLE', 'only the running service can send a test', {
            hint: 'start it: systemctl start alert-dispatcher',
          });
        },
        wake: () => undefined,
      },
      by,
    );
    return {
      call: async <N extends VerbName>(name: N, args: VerbArgs<N>): Promise<VerbResult<N>> =>
        await control.call(name, args),
      close: async () => {
        await renderer.close();
        await control.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
