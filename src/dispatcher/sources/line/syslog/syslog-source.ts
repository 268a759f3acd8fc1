/**
 * One syslog listener: UDP, TCP or TLS in front, the queue to the door behind.
 *
 * Made by src/app for each entry of `sources.syslog`. Over UDP and TCP `allow_from` is mandatory: nothing else tells who speaks, and a post
 * by key travels in clear text. Over TLS a certificate of our authority is required, unless `allow_from` names the networks that
 * may come without one; where it is given, nobody else is spoken to.
 */

import { RelayError } from '../../../../core/errors.ts';
import { lineLimits } from '../../../../core/limits.ts';
import type { Credentials } from '../../../../tls/credentials.ts';
import { Pace } from '../../../keys/pace.ts';
import type { SourcesConfig } from '../../../model/config.ts';
import { allowFrom } from '../allow-from.ts';
import type { JudgingLineSource, LineDeps, LineSource } from '../deps.ts';
import { Sayings } from '../sayings.ts';
import { within } from '../within.ts';
import { Intake } from './intake.ts';
import { createStreamListener } from './stream-listener.ts';
import { createUdpListener } from './udp-listener.ts';

export type SyslogConfig = SourcesConfig['syslog'][number];

export interface SyslogDeps extends LineDeps {
  /** Of `config.tls`, as loaded; with transport `tls` only. */
  readonly credentials?: Credentials;
}

/** Throws RelayError CONFIG. */
export function createSyslogSource(config: SyslogConfig, deps: SyslogDeps): JudgingLineSource {
  const { name: source, transport, address, port, keyedOnly } = config;
  const { clock, log, timers, credentials } = deps;
  if ((transport === 'tls') !== (credentials !== undefined)) {
    throw new RelayError(
      'BUG',
      `${source}: the transport is ${transport}, and the credentials say otherwise`,
    );
  }
  const why = transport === 'tls' ? undefined : `over ${transport} nothing else tells who sends`;
  const allowed = allowFrom(source, config.allowFrom, why);
  const sayings = new Sayings(log, clock);
  const intake = new Intake({ ...deps, source, sayings, keyedOnly, pace: new Pace(clock) });
  const common = { ...deps, source, address, port, allowed, sayings, intake };
  const stream = transport === 'udp' ? undefined : createStreamListener(common);
  const listener: LineSource = stream ?? createUdpListener(common);

  return {
    listen: async () => listener.listen(),
    adopt(fresh) {
      if (stream === undefined) throw new RelayError('BUG', `${source} has no TLS`);
      stream.adopt(fresh);
    },
    refresh: () => stream?.refresh(),
    async close() {
      await listener.close();
      await within(timers, lineLimits.drainMs, intake.idle());
      await within(timers, lineLimits.drainMs, intake.close());
    },
  };
}
