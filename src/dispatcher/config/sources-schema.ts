/** `sources:` of the configuration. All but IDMEF and REST (which share the HTTPS listener) are off unless they are named; every listener says its address. */

import { z } from 'zod';

import { dispatcherLimits, smtpLimits } from '../../core/limits.ts';
import * as v from './values.ts';

const tls = { cert: v.path, key: v.path, ca: v.path, crl: v.path.optional() } as const;

const tlsSchema = z.strictObject(tls);

const peers = z.array(
  z.string().regex(/^(?:\*|(?:DNS|URI|email|CN):.+)$/, {
    error:
      "must be a name with its type, such as DNS:manager1, or '*' for every certificate of the authority",
  }),
);

/** `rest: {}` turns it on, `rest: off` (which is a text in YAML 1.2) or `false` off. */
const off = z.union([z.literal(false), z.literal('off').transform(() => false as const)]);

/** Requests a minute of one key. */
const rate = z
  .number()
  .int()
  .min(1)
  .max(dispatcherLimits.maxRatePerMinute)
  .default(dispatcherLimits.ratePerMinute);

const keyed = z.union([off, z.strictObject({ rate })]);

const ntopng = z.union([
  off,
  z.strictObject({
    rate,
    names: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  }),
]);

const smtp = z.union([
  off,
  z
    .strictObject({
      listen: v.listen,
      tls: tlsSchema.optional(),
      require_tls: z.boolean().optional(),
      allow_from: v.networks.default([]),
      max_size: v.size
        .refine((bytes) => bytes <= smtpLimits.inFlightBytes, {
          error: `must not be more than ${smtpLimits.inFlightBytes / 2 ** 20}M: that is what all mails together may have`,
        })
        .default(dispatcherLimits.mailBytes),
    })
    .refine(({ tls: files, allow_from: from }) => files !== undefined || from.length > 0, {
      error: 'keys go in clear without tls: allow_from must say from where',
    }),
]);

const syslog = z
  .strictObject({
    listen: v.listen,
    transport: z.enum(['udp', 'tcp', 'tls']),
    tls: tlsSchema.optional(),
    allow_from: v.networks.default([]),
    keyed_only: z.boolean().default(false),
  })
  .refine(({ transport, tls: files }) => (transport === 'tls') === (files !== undefined), {
    error: 'tls files belong to transport tls, and to no other',
  })
  .refine(({ transport, allow_from: from }) => transport === 'tls' || from.length > 0, {
    error: 'over udp and tcp nothing else tells who sends: allow_from must say from where',
  });

export const sourcesSchema = z.strictObject({
  https: z
    .strictObject({
      listen: v.listen,
      ...tls,
      tls_policy: z.enum(['anssi', 'intermediate', 'modern']).default('anssi'),
      allow_relay: peers.default([]),
      allow_producer: peers.default([]),
      allow_monitor: peers.default([]),
    })
    .optional(),
  idmef: z
    .union([off, z.strictObject({ mode: z.enum(['strict', 'lenient']).default('lenient') })])
    .optional(),
  rest: keyed.optional(),
  alertgateway: keyed.optional(),
  ntopng: ntopng.optional(),
  alertresponder: keyed.optional(),
  secarc: z.union([off, z.strictObject({ listen: v.listen, allow_from: v.networks })]).optional(),
  smtp: smtp.optional(),
  syslog: z.record(v.name, syslog).optional(),
  feeds: z
    .record(v.name, z.strictObject({ url: v.url, every: v.duration.default(dispatcherLimits.feedMs) }))
    .optional(),
});

export type SourcesContent = z.output<typeof sourcesSchema>;
