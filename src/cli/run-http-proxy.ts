/**
 * Joins the command `http-proxy` with its program: flags and profiles → configuration → run → exit code. Called
 * by src/bin/http-proxy.ts. SIGHUP re-reads the profiles of a program that stays.
 */

import { createHttpProxy } from '../app/http-proxy.ts';
import { systemClock } from '../os/clock.ts';
import { systemRandom } from '../os/random.ts';
import { httpProxyTable } from './http-proxy-options.ts';
import { readHttpProxyConfig } from './http-proxy.ts';
import { createLogger } from './logging.ts';
import { managerOf, start } from './start.ts';
import { readVersion } from './version.ts';

export function runHttpProxy(argv: readonly string[]): Promise<never> {
  return start(httpProxyTable, argv, async (flags, { env, signal, onHangup }) => {
    const config = await readHttpProxyConfig(flags, env);
    const logger = await createLogger('http-proxy', config.log, env);
    const proxy = createHttpProxy(config, {
      logger,
      clock: systemClock,
      random: systemRandom,
      version: readVersion,
      manager: managerOf(env),
    });
    if (config.mode.kind !== 'oneshot') onHangup(() => proxy.reload());
    return proxy.run(signal);
  });
}
