/**
 * Commands without a running service: the store is opened here, under its lock, and the verbs work on it directly. What only the service can
 * do (deliver, listen) waits until it runs; a test send is made by this process.
 */

import { hostname } from 'node:os';
import { join } from 'node:path';

import { RelayError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { type Control, localControl } from '../../dispatcher/control/call.ts';
import type { ControlContext } from '../../dispatcher/control/control-context.ts';
import { compileSilences } from '../../dispatcher/route/compile-silences.ts';
import { createRouter } from '../../dispatcher/route/create-router.ts';
import { createRenderer } from '../../dispatcher/render/create-renderer.ts';
import type { Router } from '../../dispatcher/model/ports.ts';
import { explainText, explainRoute } from '../../dispatcher/route/explain.ts';
import { testOnce } from '../../dispatcher/outbox/try-out.ts';
import { openStore } from '../../dispatcher/store/in-process.ts';
import { createOutboundPolicy } from '../../http/outbound-policy.ts';
import { systemRandom } from '../../os/random.ts';
import { createConfiguration } from './configuration.ts';
import type { ControlPlace } from './open-control.ts';
import { systemTimers } from './real-timers.ts';
import { createSinkRegistry } from './sink-registry.ts';

/** Throws RelayError: JOURNAL_BUSY when a service runs whose socket does not answer, CONFIG for a configuration that is not sound. */
export async function openAlone(place: ControlPlace, by: string): Promise<Control> {
  const random = systemRandom;
  const store = await openStore({ path: join(place.stateDir, 'dispatcher.db'), clock: systemTimers, random });
  try {
    const configuration = createConfiguration({ place, store, clock: systemTimers, log: silentLogger });
    await configuration.start(async () => ({ commit: () => undefined, discard: () => undefined }));
    const config = (): ReturnType<ControlContext['config']> => configuration.current.config;
    const silences = compileSilences(await store.silences());
    const router: Router = createRouter({ config, silences: () => silences });
    const renderer = await createRenderer({ log: silentLogger, instance: config().instance });
    const sinks = createSinkRegistry(
      {
        log: silentLogger,
        timers: systemTimers,
        random,
        hostname: hostname(),
        version: '',
        outbound: createOutboundPolicy({ allow: config().outboundAllow, listeners: () => [] }),
      },
      systemTimers,
      silentLogger,
    );
    const context: ControlContext = {
      store,
      clock: systemTimers,
      random,
      config,
      types: configuration.current.types,
      sourceNames: () => configuration.current.sourceNames,
      router: () => router,
      renderer,
      explain: (inbound) => {
        const data = explainRoute({ config: config(), silences, inbound, at: systemTimers.now() });
        return { data, text: explainText(data) };
      },
      tryOut: async (stored) => await configuration.tryOut(stored),
      reload: async () => await configuration.reload(),
      changed: async () => undefined,
      testRecipient: async (name, who) => {
        const recipient = config().recipients.find((one) => one.name === name);
        const endpoint = config().endpoints.find((one) => one.name === recipient?.endpoint);
        if (recipient === undefined || endpoint === undefined) {
          throw new RelayError('NOT_FOUND', `there is no recipient '${name}'`);
        }
        const prepared = await sinks.prepare([endpoint], configuration.current.types);
        await prepared.commit();
        return await testOnce({ sink: sinks.sinkOf(endpoint.name), recipient, renderer, timers: systemTimers, random, by: who });
      },
      wake: () => undefined,
    };
    const control = localControl(context, by);
    return {
      call: async (name, args) => await control.call(name, args),
      close: async () => {
        await sinks.close();
        await renderer.close();
        await control.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
