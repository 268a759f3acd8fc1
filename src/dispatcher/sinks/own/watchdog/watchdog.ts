/**
 * `watchdog`: a sign of life to a dead-man service, which raises the alarm when it stays away.
 *
 * Not driven by alerts: its recipient says `every`, and src/app makes one watchdog of each. It calls the URL as long as the dispatcher
 * says that it is healthy; a failure is counted and logged (the first of a series, and its end), and the next ping comes in its
 * time. The URL is a secret: who knows it can keep the alarm quiet.
 */

import { z } from 'zod';

import { RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK, type Outcome } from '../../../../core/outcome.ts';
import { createOutboundClient } from '../../../../http/outbound-client.ts';
import type { Endpoint, Recipient } from '../../../model/recipient.ts';
import type { SinkDeps, SinkType } from '../../../model/sink.ts';
import { endpointTls } from '../../http/endpoint-tls.ts';
import { readParams } from '../../read-params.ts';
import { answer } from '../say.ts';

const watchdogEndpoint = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('What is called: https://hc-ping.com/…; any 2xx is a yes'),
  method: z.enum(['GET', 'POST']).default('GET').describe('Method of the call'),
});

export const watchdogType: SinkType = {
  type: 'watchdog',
  summary: 'a ping each so many minutes (every) to a service that alarms when it stays away; takes no alerts',
  audience: 'machine',
  medium: 'plain',
  endpoint: watchdogEndpoint,
  recipient: z.strictObject({}),
  secrets: ['url'],
  batch: ownSinkLimits.machineMessages,
  text: { body: ownSinkLimits.mailChars },
  timeoutMs: 2 * ownSinkLimits.pingMs,
  everyMs: 300_000,
  create: async (endpoint, deps) => {
    const pinger = await createPinger(endpoint, deps);
    return {
      limits: () => [],
      send: async ({ form }, signal) =>
        answer(
          form === 'test'
            ? await pinger.ping(signal)
            : {
                kind: 'refused',
                reason: 'a watchdog takes no alerts: leave it out of the routes',
                certain: true,
              },
        ),
      close: () => pinger.close(),
    };
  },
};

export interface WatchdogOptions {
  readonly endpoint: Endpoint;
  readonly recipient: Pick<Recipient, 'name' | 'everyMs'>;
  readonly deps: SinkDeps;
  /** Undefined while all is well, else why not. Asked before each ping. */
  readonly healthy: () => string | undefined | Promise<string | undefined>;
}

export interface WatchdogStats {
  readonly pings: number;
  readonly failures: number;
  /** Because the dispatcher was not healthy. */
  readonly withheld: number;
  /** Wall ms. */
  readonly lastOkAt: number | undefined;
}

export interface Watchdog {
  stats(): WatchdogStats;
  close(): Promise<void>;
}

/** Pings at once, and from then on. Throws RelayError CONFIG or TLS_FILE. */
export async function createWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const { endpoint, recipient, deps, healthy } = options;
  const { timers, log } = deps;
  const everyMs = Math.max(recipient.everyMs ?? watchdogType.everyMs ?? 0, ownSinkLimits.pingMinMs);
  const pinger = await createPinger(endpoint, deps);
  const closing = new AbortController();
  const count = { pings: 0, failures: 0, withheld: 0 };
  let lastOkAt: number | undefined;
  let trouble: string | undefined;
  let cancel = (): void => undefined;

  const say = (reason: string | undefined): void => {
    if (reason !== undefined && trouble === undefined) {
      log.warning(`watchdog ${recipient.name}: ${reason}; its service will raise the alarm`);
    }
    if (reason === undefined && trouble !== undefined) log.notice(`watchdog ${recipient.name}: pings again`);
    trouble = reason;
  };

  const once = async (): Promise<void> => {
    const ill = await healthy();
    if (ill !== undefined) {
      count.withheld += 1;
      say(`no ping, because ${ill}`);
      return;
    }
    const outcome = await pinger.ping(closing.signal);
    count.pings += 1;
    if (outcome.kind === 'ok') lastOkAt = timers.now();
    else count.failures += 1;
    say(outcome.kind === 'ok' ? undefined : `ping failed: ${outcome.reason}`);
  };

  const round = (): void => {
    // From beginning to beginning: a slow ping puts off none.
    cancel = timers.after(everyMs, round);
    once().catch((error: unknown) => {
      if (!closing.signal.aborted)
        say(`ping failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  round();

  return {
    stats: () => ({ ...count, lastOkAt }),
    close: async () => {
      cancel();
      closing.abort(new Error('the service ends'));
      await pinger.close();
    },
  };
}

async function createPinger(
  endpoint: Endpoint,
  deps: SinkDeps,
): Promise<{ ping(signal: AbortSignal): Promise<Outcome>; close(): Promise<void> }> {
  const where = `endpoint ${endpoint.name}`;
  const { url, method } = readParams(watchdogEndpoint, endpoint.params, where);
  if (!URL.canParse(url)) throw new RelayError('CONFIG', `${where}: url is none`);
  const client = createOutboundClient({
    tls: await endpointTls(endpoint),
    refusal: (address, port) => deps.outbound.refusal(endpoint.provenance, address, port),
    resolveForProxy: endpoint.provenance === 'database',
    ...(endpoint.proxy === undefined ? {} : { proxy: new URL(endpoint.proxy) }),
    timeoutMs: ownSinkLimits.pingMs,
    timers: deps.timers,
  });
  const ping = async (signal: AbortSignal): Promise<Outcome> => {
    const headers = { 'user-agent': `idmef-relay/${deps.version}` };
    const result = await client.send({ method, url: new URL(url), headers, signal });
    if (result.kind === 'failed') return { kind: 'again', reason: result.error.message };
    const good = result.status >= 200 && result.status < 300;
    return good ? OK : { kind: 'again', reason: `its service answers ${result.status}` };
  };
  return { ping, close: () => client.close() };
}
