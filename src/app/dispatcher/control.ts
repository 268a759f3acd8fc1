/** What the control socket's verbs work on, from the parts of the running service. */

import type { Random } from '../../core/ports.ts';
import type { ControlContext } from '../../dispatcher/control/control-context.ts';
import type { Parts } from './assemble.ts';
import { explainInbound } from './explain.ts';
import { systemTimers } from './real-timers.ts';

export function controlContext(parts: Parts, random: Random): ControlContext {
  const { configuration, outbox, sources, silences, keyRing, renderers, thread } = parts;
  return {
    store: thread.store,
    clock: systemTimers,
    random,
    config: () => configuration.current.config,
    types: () => configuration.current.types,
    sourceNames: () => configuration.current.sourceNames,
    router: parts.router,
    renderer: () => renderers.current,
    explain: (inbound) => explainInbound(parts.router(), inbound, systemTimers.now()),
    changeSettings: configuration.change,
    tryOut: async (change) => await configuration.tryOut(change),
    reload: async () => {
      sources.lookAtCertificates();
      return await configuration.reload();
    },
    changed: async (what) => {
      if (what === 'silences') await silences.refresh();
      else keyRing.forget();
    },
    testRecipient: async (name, by) => await outbox.test(name, by),
    wake: () => outbox.wake(configuration.current.config.recipients.map(({ name }) => name)),
    service: () => {
      const { refused, current } = configuration;
      const shortage = thread.shortage();
      const { lanes, callsUnderWay } = outbox.status();
      return {
        version: parts.version,
        startedAt: parts.startedAt,
        configHash: current.config.hash,
        configAt: current.at,
        ...(refused === undefined ? {} : { refusedReload: refused }),
        listeners: sources.listeners,
        notListening: sources.notListening,
        underWay: callsUnderWay,
        lanes: lanes.map(({ recipient, state, failingSince }) => ({
          recipient,
          state,
          ...(failingSince === undefined ? {} : { failingSince }),
        })),
        ...(shortage === undefined ? {} : { shortage }),
      };
    },
  };
}
