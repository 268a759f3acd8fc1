/**
 * Joins the command `reverse-server` with its program: flags and settings file → configuration → run until a
 * signal → exit code. Called by src/bin/reverse-server.ts. SIGHUP reads the TLS files; settings are read at start only.
 */

import { createReverseServer } from '../app/reverse-server.ts';
import { systemClock } from '../os/clock.ts';
import { systemRandom } from '../os/random.ts';
import { createLogger } from './logging.ts';
import { reverseServerTable } from './reverse-server-options.ts';
import { readReverseServerConfig } from './reverse-server.ts';
import { managerOf, start } from './start.ts';
import { readVersion } from './version.ts';

export function runReverseServer(argv: readonly string[]): Promise<never> {
  return start(reverseServerTable, argv, async (flags, { env, signal, onHangup, print }) => {
    const config = readReverseServerConfig(flags, env);
    let lost = 0;
    const logger = await createLogger('reverse-server', config.log, env, () => {
      lost += 1;
    });
    const server = createReverseServer(config, {
      logger,
      version: readVersion(),
      logLinesLost: () => lost,
      manager: managerOf(env),
      clock: systemClock,
      random: systemRandom,
      stdout: { write: print },
    });
    onHangup(() => server.reload());
    await server.run(signal);
    return 0;
  });
}
