/**
 * `smtp`: mail through a server, many alerts in one.
 *
 * STARTTLS is demanded unless `tls` says otherwise. One mail goes to all addresses of a recipient; who of them has had which alert is
 * remembered (addresses.ts), so that a retry goes to the others only. After a restart of the program a retry may go to all
 * again, with the same Message-ID. What answers mean: verdict.ts.
 */

import { createHash } from 'node:crypto';

import { z } from 'zod';

import { ownSinkLimits } from '../../../../core/limits.ts';
import { escapeControls } from '../../../../log/escape.ts';
import type { Endpoint, Recipient } from '../../../model/recipient.ts';
import type { Notification, Sink, SinkAnswer, SinkDeps, SinkType } from '../../../model/sink.ts';
import { readParams } from '../../read-params.ts';
import { flag, isYes, list, listOf, port, tlsFilesOf } from '../params.ts';
import { answer } from '../say.ts';
import { createLedger, type AddressResult } from './addresses.ts';
import { composeMail, envelopeAddress } from './compose-mail.ts';
import { createMailer, type Mailer } from './mailer.ts';
import { readServer } from './server.ts';

const headerText = z
  .string()
  .refine((text) => escapeControls(text) === text, 'must be one line without control characters');
/** ASCII domains only: servers are asked in that form, and answer in it. */
const address = /^[^\s\p{C}<>,;:@"()[\]\\]+@[0-9A-Za-z.-]+$/u;

export const smtpEndpoint = z.strictObject({
  server: z.string().min(1).describe('Host of the mail server, or smtp://host:port, smtps://host:port'),
  port: port.optional().describe('Default: 465 with tls: tls, 587 with a user, else 25'),
  tls: z
    .enum(['starttls', 'tls', 'none'])
    .optional()
    .describe(
      'starttls (default): demanded, nothing is sent in the clear; tls: from the first byte; none: in the clear, password too',
    ),
  user: z.string().min(1).optional().describe('Name for SMTP AUTH'),
  password: z.string().min(1).optional().describe('Password for SMTP AUTH'),
  from: headerText
    .refine((text) => address.test(envelopeAddress(text)), 'must be an address, or Name <address>')
    .describe('Sender: soc@example.org, or SOC <soc@example.org>'),
  per_minute: z
    .number()
    .min(1)
    .max(6_000)
    .default(60)
    .describe('Mails a minute that the server takes from us; ten of them at once'),
});

export const smtpRecipient = z.strictObject({
  to: list
    .refine((value) => areAddresses(listOf(value)), 'must be addresses, a@example.org, b@example.org')
    .describe(
      'Addresses; all of them get one mail. One that the server refuses is named in the log, the others go on',
    ),
  cc: list
    .refine((value) => areAddresses(listOf(value)), 'must be addresses')
    .optional()
    .describe('Addresses for a copy'),
  subject_prefix: headerText.max(60).optional().describe('Before each subject: [SOC]'),
  one_per_address: flag
    .optional()
    .describe("A mail of its own for each address, as AlertGateway's lists had it; default no"),
});

function areAddresses(all: readonly string[]): boolean {
  return all.length > 0 && all.length <= ownSinkLimits.mailAddresses && all.every((one) => address.test(one));
}

export const smtpType: SinkType = {
  type: 'smtp',
  summary: 'mail through an SMTP server, up to 100 alerts in one, each minute',
  audience: 'people',
  medium: 'html-mail',
  endpoint: smtpEndpoint,
  recipient: smtpRecipient,
  secrets: ['password'],
  batch: ownSinkLimits.mailAlerts,
  text: { body: ownSinkLimits.mailChars, subject: ownSinkLimits.subjectChars },
  timeoutMs: ownSinkLimits.mailMs,
  everyMs: 60_000,
  create: createSmtp,
};

// Asynchronous by contract: a bad setting is a rejection.
// oxlint-disable-next-line typescript/require-await
async function createSmtp(endpoint: Endpoint, deps: SinkDeps): Promise<Sink> {
  const where = `endpoint ${endpoint.name}`;
  const params = readParams(smtpEndpoint, endpoint.params, where);
  const server = readServer(params, where);
  if (server.tls === 'none' && params.password !== undefined) {
    deps.log.warning(`${where}: tls is none, so the password of ${server.label} travels in the clear`);
  }
  const mailer = createMailer({ server, params, files: tlsFilesOf(endpoint), endpoint, deps });
  const ledger = createLedger(server.label);
  /** By recipient: of which addresses it was said that they get nothing. */
  const warned = new Map<string, string>();
  const user =
    params.user === undefined
      ? ''
      : `:${createHash('sha256').update(params.user).digest('hex').slice(0, 12)}`;
  const limit = { key: `smtp:${server.host}:${server.port}${user}`, rate: params.per_minute / 60, burst: 10 };

  const send = async (notification: Notification, signal: AbortSignal): Promise<SinkAnswer> => {
    const { recipient } = notification;
    const wanted = readParams(smtpRecipient, recipient.params, `recipient ${recipient.name}`);
    const [to, cc] = [listOf(wanted.to), listOf(wanted.cc)];
    const entry = ledger.of(notification, [...to, ...cc]);
    const compose = {
      from: params.from,
      prefix: wanted.subject_prefix,
      hostname: deps.hostname,
      notification,
    };
    const results = new Map<string, AddressResult>();
    try {
      if (isYes(wanted.one_per_address)) {
        const single = (one: string): Composed => composeMail({ ...compose, to: [one], cc: [] });
        await sendSingly(mailer, entry.open, single, results, signal);
      } else if (entry.open.length > 0) {
        const sent = await mailer.send(composeMail({ ...compose, to, cc }), entry.open, signal);
        for (const [one, result] of sent) results.set(one, result);
      }
    } catch (error) {
      // The end of our time: who has had it must not get it again.
      for (const one of entry.open) if (!results.has(one)) results.set(one, unreached);
      entry.note(results);
      throw error;
    }
    const { outcome, partly, without } = entry.note(results);
    const all = [...results.values()];
    const refs = [all.find(({ outcome: { kind } }) => kind === 'ok')?.ref, without?.words];
    const ref = refs.filter((one) => one !== undefined).join('; ');
    if (without !== undefined && notification.form === 'test')
      return answer({ kind: 'refused', reason: without.words });
    if (outcome.kind === 'ok') warn(recipient.name, without);
    return {
      ...answer(outcome),
      ...(outcome.kind === 'again' && partly ? { partly: true as const } : {}),
      ...(outcome.kind === 'again' && all.some(({ uncertain }) => uncertain === true)
        ? { uncertain: true as const }
        : {}),
      ...(ref === '' ? {} : { providerRef: ref }),
    };
  };

  /** Once, until it changes: the others go on, but somebody gets nothing. */
  const warn = (recipient: string, without: { addresses: string; words: string } | undefined): void => {
    const addresses = without?.addresses ?? '';
    if (without !== undefined && warned.get(recipient) !== addresses)
      deps.log.warning(`${recipient}: ${without.words}`);
    warned.set(recipient, addresses);
  };

  return { limits: (_recipient: Recipient) => [limit], send, close: () => mailer.close() };
}

type Composed = ReturnType<typeof composeMail>;

const unreached: AddressResult = { outcome: { kind: 'again', reason: 'had no time left for it' } };

/** One after the other, into `results`; when the server itself does not work the rest is not tried. */
async function sendSingly(
  mailer: Mailer,
  addresses: readonly string[],
  compose: (address: string) => Composed,
  results: Map<string, AddressResult>,
  signal: AbortSignal,
): Promise<void> {
  let stop: AddressResult | undefined;
  for (const one of addresses) {
    const result = stop ?? (await mailer.send(compose(one), [one], signal)).get(one);
    if (result === undefined) continue;
    results.set(one, result);
    if (result.whole === true && result.outcome.kind !== 'refused') stop = result;
  }
}
