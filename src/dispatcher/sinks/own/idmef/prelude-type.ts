/**
 * `prelude`: a prelude-manager over its native protocol, with the profile that `prelude-admin register` made on this host.
 *
 * It is src/destinations/prelude. With rights `idmef:rw` every message is confirmed by the manager's echo; with `idmef:w`
 * nothing is, which is said at the start. Profiles are files of this host: for the configuration file only.
 */

import { z } from 'zod';

import { RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits, pollerLimits } from '../../../../core/limits.ts';
import { readPreludeUrl } from '../../../../destinations/prelude/prelude-url.ts';
import type { Endpoint } from '../../../model/recipient.ts';
import type { Sink, SinkDeps, SinkType } from '../../../model/sink.ts';
import { readParams } from '../../read-params.ts';
import { clockOf, createDestinationSink } from './destination-sink.ts';

const endpointSchema = z.strictObject({
  url: z
    .string()
    .startsWith('prelude://')
    .describe('prelude://manager.example.org:4690?profile=NAME, with &dir=DIRECTORY for a profile elsewhere'),
  timeout: z
    .number()
    .min(1)
    .max(ownSinkLimits.machineMs / 1000)
    .default(pollerLimits.timeoutSeconds)
    .describe('Seconds of silence'),
});

export const preludeType: SinkType = {
  type: 'prelude',
  summary: 'a prelude-manager over its native protocol',
  audience: 'machine',
  medium: 'plain',
  endpoint: endpointSchema,
  recipient: z.strictObject({}),
  secrets: [],
  fileOnly: true,
  batch: 2 * ownSinkLimits.machineMessages,
  text: { body: ownSinkLimits.mailChars },
  timeoutMs: ownSinkLimits.machineMs,
  create: createPrelude,
};

async function createPrelude(endpoint: Endpoint, deps: SinkDeps): Promise<Sink> {
  const where = `endpoint ${endpoint.name}`;
  const params = readParams(endpointSchema, endpoint.params, where);
  const url = readUrl(params.url, where);
  return await createDestinationSink({
    name: endpoint.name,
    deps,
    together: true,
    open: async ({ memory }) => {
      const { createPreludeDestination } =
        await import('../../../../destinations/prelude/prelude-destination.ts');
      return createPreludeDestination(url, {
        longRunning: true,
        hostname: deps.hostname,
        version: deps.version,
        memory,
        clock: clockOf(deps),
        random: deps.random,
        idleMs: params.timeout * 1000,
      });
    },
  });
}

function readUrl(text: string, where: string): URL {
  if (!URL.canParse(text)) throw new RelayError('CONFIG', `${where}: url is none`);
  const url = new URL(text);
  try {
    readPreludeUrl(url);
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new RelayError('CONFIG', `${where}: url ${error.message}`, { ...hint, cause: error });
  }
  return url;
}
