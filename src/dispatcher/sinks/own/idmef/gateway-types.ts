/**
 * `prelude-gateway` and `idmef`: IDMEF over HTTPS with mutual TLS, to a gateway before a Prelude manager or to another dispatcher.
 *
 * Both are src/destinations/gateway.ts. The first sends single messages in the form the gateway takes (`dialect`); the second is for
 * receivers of ours, which get batches with their origin. Renewed certificates are taken up as by the poller. Endpoints name
 * files of this host, so they are for the configuration file only.
 */

import { z } from 'zod';

import { RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits, pollerLimits } from '../../../../core/limits.ts';
import type { TlsSettings } from '../../../../core/settings.ts';
import { clientTlsOf } from '../../../../destinations/client-tls.ts';
import { createDestination } from '../../../../destinations/create-destination.ts';
import type { ClientTls } from '../../../../http/peer.ts';
import { loadCredentials } from '../../../../tls/credentials.ts';
import { watchTls } from '../../../../tls/tls-watch.ts';
import type { Endpoint } from '../../../model/recipient.ts';
import type { Sink, SinkDeps, SinkType } from '../../../model/sink.ts';
import { readParams } from '../../read-params.ts';
import { clockOf, createDestinationSink } from './destination-sink.ts';

const file = z.string().startsWith('/');

const endpointOf = (whose: string) =>
  z.strictObject({
    url: z
      .url({ protocol: /^https$/ })
      .describe(`Where ${whose} takes IDMEF: https://manager.example.org:3128/`),
    cert: file.optional().describe('PEM file of our certificate (also client_cert)'),
    key: file.optional().describe('PEM file of its key (also client_key)'),
    ca: file
      .optional()
      .describe('PEM file of the authorities that may have issued its certificate (also ca_file)'),
    crl: file.optional().describe('Revocation lists, PEM or DER'),
    tls_policy: z
      .enum(['anssi', 'intermediate', 'modern'])
      .default('anssi')
      .describe('Versions and cipher suites'),
    dialect: z
      .enum(['auto', 'secef', 'rfc'])
      .default('auto')
      .describe(
        'Form of what it gets. auto: batches for receivers of ours, secef for others; rfc: single messages as they are',
      ),
    timeout: z
      .number()
      .min(1)
      .max(ownSinkLimits.machineMs / 1000)
      .default(pollerLimits.timeoutSeconds)
      .describe('Seconds of silence'),
  });

const gatewayEndpoint = endpointOf('the gateway');
const none = z.strictObject({});

const shared = {
  audience: 'machine',
  medium: 'plain',
  recipient: none,
  secrets: [],
  fileOnly: true,
  batch: ownSinkLimits.machineMessages,
  text: { body: ownSinkLimits.mailChars },
  timeoutMs: ownSinkLimits.machineMs,
} as const;

export const preludeGatewayType: SinkType = {
  ...shared,
  type: 'prelude-gateway',
  summary: 'a SECEF-compatible web gateway before a Prelude manager, one message a request',
  endpoint: gatewayEndpoint,
  create: async (endpoint, deps) => await createGatewaySink(endpoint, deps, true),
};

export const idmefType: SinkType = {
  ...shared,
  type: 'idmef',
  summary:
    'another alert-dispatcher (or any receiver of the relay), in batches, with the authenticated origin',
  endpoint: endpointOf('the dispatcher'),
  create: async (endpoint, deps) => await createGatewaySink(endpoint, deps, false),
};

async function createGatewaySink(endpoint: Endpoint, deps: SinkDeps, together: boolean): Promise<Sink> {
  const where = `endpoint ${endpoint.name}`;
  const params = readParams(gatewayEndpoint, endpoint.params, where);
  const settings: TlsSettings = {
    certFile: needed(params.cert ?? endpoint.clientCert, 'cert', where),
    keyFile: needed(params.key ?? endpoint.clientKey, 'key', where),
    caFile: needed(params.ca ?? endpoint.caFile, 'ca', where),
    ...(params.crl === undefined ? {} : { crlFile: params.crl }),
    policy: params.tls_policy,
  };
  const clock = clockOf(deps);
  let tls: ClientTls | undefined;
  let generation = 0;
  const watch = named(where, () =>
    watchTls({
      settings,
      load: () => loadCredentials(settings, { purpose: 'client' }),
      adopt: (credentials) => {
        tls = clientTlsOf(settings, credentials, clock);
        generation += 1;
      },
      prefix: `${where}: `,
      logger: deps.log,
      clock,
    }),
  );
  for (const warning of watch.credentials.warnings) deps.log.warning(`${where}: ${warning}`);
  tls = clientTlsOf(settings, watch.credentials, clock);
  const first = tls;
  return await createDestinationSink({
    name: endpoint.name,
    deps,
    together,
    ...(together ? {} : { marks: true as const }),
    open: async ({ origin, memory }) =>
      await createDestination(new URL(params.url), {
        tls: () => tls ?? first,
        tlsGeneration: () => generation,
        ...(endpoint.proxy === undefined ? {} : { proxy: new URL(endpoint.proxy) }),
        idleMs: params.timeout * 1000,
        dialect: params.dialect,
        longRunning: true,
        hostname: deps.hostname,
        version: deps.version,
        memory,
        clock,
        random: deps.random,
        origin,
      }),
    closing: () => watch.close(),
  });
}

function needed(path: string | undefined, name: string, where: string): string {
  if (path !== undefined) return path;
  throw new RelayError('CONFIG', `${where}: ${name} is needed: the connection is mutually authenticated`);
}

/** The words of src/tls name command-line options; here they are parameters. */
function named<Result>(where: string, load: () => Result): Result {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    const message = error.message.replace(/--ca(?:cert)?\b/g, 'ca').replace(/--(cert|key|crl)\b/g, '$1');
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new RelayError(error.code, `${where}: ${message}`, { ...hint, cause: error });
  }
}
