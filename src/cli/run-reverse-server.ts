/**
 * Joins the command `reverse-server` with its program: flags and settings file → configuration → run until a
 * signal → exit code. Called by src/bin/reverse-server.ts. SIGHUP must not end a service that others reload by habit.
 */

import { createReverseServer } from '../app/reverse-server.ts';
import { systemClock } from '../os/clock.ts';
import { systemRandom } from '../os/random.ts';
import { createLogger } from './logging.ts';
import { reverseServerTable } from './reverse-server-options.ts';
import { readReverseServerConfig } from './reverse-server.ts';
import { start } from './start.ts';

export function runReverseServer(argv: readonly string[]): Promise<never> {
  return start(reverseServerTable, argv, async (flags, { env, signal, onHangup, print }) => {
    const config = readReverseServerConfig(flags, env);
    const logger = await createLogger('reverse-server', config.log, env);
    const server = createReverseServer(config, {
      logger,
      clock: systemClock,
      random: systemRandom,
      stdout: { write: print },
    });
    onHangup(() =>
      logger.warning(
        'SIGHUP changes nothing: settings and TLS files are read at start, restart to apply them',
      ),
    );
    await server.run(signal);
    return 0;
  });
}
