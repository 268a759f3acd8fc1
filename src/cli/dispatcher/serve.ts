/** `alert-dispatcher serve`: the service. SIGHUP takes up the configuration and the certificates. */

import { systemRandom } from '../../os/random.ts';
import { createLogger } from '../logging.ts';
import { managerOf } from '../start.ts';
import { readVersion } from '../version.ts';
import type { VerbContext } from './verb-context.ts';

export async function runServe({ settings, place, context }: VerbContext): Promise<number> {
  const { env, signal, onHangup, print } = context;
  const logger = await createLogger('alert-dispatcher', settings.log(), env);
  const { createAlertDispatcher } = await import('../../app/alert-dispatcher.ts');
  const dispatcher = createAlertDispatcher(
    { ...place, console: settings.flag('console'), minFree: settings.minFree('min-free') },
    {
      logger,
      random: systemRandom,
      version: readVersion(),
      manager: managerOf(env),
      stdout: { write: print },
    },
  );
  onHangup(() => void dispatcher.reload());
  await dispatcher.run(signal);
  return 0;
}
