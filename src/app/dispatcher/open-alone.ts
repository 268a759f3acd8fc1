/**
 * Commands without a running service: the store is opened here, under its lock, and the verbs work on it directly. What only the service can
 * do (deliver, listen, test) is refused with the words to start it.
 *
 * The configuration need not be sound: whoever looks at queues, or takes away what keeps the service from starting, must be able to.
 * Nothing but what the verb does is written.
 */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { RelayError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { problemsText } from '../../dispatcher/config/problem.ts';
import { type StoredSettings, storedSettings, withChange } from '../../dispatcher/config/stored-settings.ts';
import {
  type Control,
  localControl,
  type VerbArgs,
  type VerbName,
  type VerbResult,
} from '../../dispatcher/control/call.ts';
import type { ControlContext } from '../../dispatcher/control/control-context.ts';
import type { Renderer } from '../../dispatcher/model/ports.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import { createRenderer } from '../../dispatcher/render/renderer.ts';
import { createRouter, type ExplainingRouter } from '../../dispatcher/route/router.ts';
import { compileSilences } from '../../dispatcher/route/silences.ts';
import { openStore } from '../../dispatcher/store/in-process.ts';
import { systemRandom } from '../../os/random.ts';
import { explainInbound } from './explain.ts';
import { loadConfiguration, type LoadedConfiguration } from './load-configuration.ts';
import type { ControlPlace } from './open-control.ts';
import { systemTimers } from './real-timers.ts';
import { createSinkTypes } from './sink-types.ts';
import { lossText, setAsideText } from './store-words.ts';

/** Throws RelayError: JOURNAL_BUSY when a service runs whose socket does not answer, NO_INPUT without a state directory. */
export async function openAlone(
  place: ControlPlace,
  by: string,
  warn: (text: string) => void,
): Promise<Control> {
  const path = join(place.stateDir, 'dispatcher.db');
  if (!existsSync(dirname(path))) {
    throw new RelayError('NO_INPUT', `there is no state directory ${place.stateDir}, and no service runs`, {
      hint: 'start the service once, or name the directory by --state',
    });
  }
  const store = await openStore({
    path,
    clock: systemTimers,
    random: systemRandom,
    onSetAside: (event) => warn(setAsideText(event)),
    onLoss: (event) => warn(lossText(event)),
  });
  try {
    const context = await aloneContext(place, store);
    const control = localControl(context, by);
    return {
      call: async <N extends VerbName>(name: N, args: VerbArgs<N>): Promise<VerbResult<N>> =>
        await control.call(name, args),
      close: async () => {
        await context.closeRenderer();
        await control.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

type AloneContext = ControlContext & { readonly closeRenderer: () => Promise<void> };

async function aloneContext(place: ControlPlace, store: Store): Promise<AloneContext> {
  const clock = systemTimers;
  const types = createSinkTypes();
  const load = async (stored: StoredSettings): Promise<LoadedConfiguration | RelayError> => {
    try {
      return await loadConfiguration(place, stored, types);
    } catch (error) {
      if (error instanceof RelayError && error.kind !== 'bug') return error;
      throw error;
    }
  };
  let loaded = await load(await storedSettings(store));
  const { silences } = compileSilences(await store.silences());
  let router: ExplainingRouter | undefined;
  const routerNow = (): ExplainingRouter => (router ??= createRouter(sound(loaded).config, () => silences));
  const renderer = lazyRenderer(async () => {
    const { instance, localesDir } = sound(loaded).config;
    const locales = localesDir === undefined ? {} : { localesDir };
    return await createRenderer({ log: silentLogger, instance, ...locales });
  });
  return {
    store,
    clock,
    random: systemRandom,
    config: () => sound(loaded).config,
    types: () => sound(loaded).types,
    sourceNames: () => sound(loaded).sourceNames,
    router: routerNow,
    renderer: () => renderer,
    explain: (inbound) => explainInbound(routerNow(), inbound, clock.now()),
    async changeSettings(edit, note) {
      const stored = await storedSettings(store);
      const change = edit(stored);
      const next = await load(withChange(stored, change));
      sound(next, 'INVALID_INPUT');
      await store.audited(typeof note === 'function' ? note(change) : note, 'changeSettings', change);
      loaded = next;
      return change;
    },
    tryOut: async (change) => {
      sound(await load(withChange(await storedSettings(store), change)), 'INVALID_INPUT');
    },
    reload: () => Promise.reject(onlyTheService('reload its configuration')),
    changed: () => Promise.resolve(),
    testRecipient: () => Promise.reject(onlyTheService('send a test')),
    wake: () => undefined,
    closeRenderer: () => renderer.close(),
  };
}

type Sound = LoadedConfiguration & { readonly ok: true };

/** Throws why it is not. */
function sound(loaded: LoadedConfiguration | RelayError, code: 'CONFIG' | 'INVALID_INPUT' = 'CONFIG'): Sound {
  if (loaded instanceof RelayError) throw loaded;
  if (loaded.ok) return loaded;
  throw new RelayError(code, problemsText(loaded.problems), { hint: 'alert-dispatcher check lists all' });
}

/** Most verbs render nothing. */
function lazyRenderer(make: () => Promise<Renderer>): Renderer {
  let made: Promise<Renderer> | undefined;
  const renderer = async (): Promise<Renderer> => await (made ??= make());
  return {
    view: async (body) => await (await renderer()).view(body),
    messages: async (messages, wish) => await (await renderer()).messages(messages, wish),
    digest: async (digest, wish) => await (await renderer()).digest(digest, wish),
    test: async (wish, by) => await (await renderer()).test(wish, by),
    close: async () => {
      if (made !== undefined) await (await made).close();
    },
  };
}

function onlyTheService(what: string): RelayError {
  return new RelayError('UNAVAILABLE', `only the running service can ${what}`, {
    hint: 'start it: systemctl start alert-dispatcher',
  });
}
