/**
 * `syslog`: alerts for a log server, over UDP, TCP, TLS, or to this host's own syslog.
 *
 * What "sent" means depends on the transport. TCP and TLS: the receiver has read everything and closed the connection after
 * us (`receipt: close`), or the system has taken the bytes (`receipt: flush`, for receivers that do not close). Local:
 * logger(1) has handed them over. UDP: they were handed to the network, and nobody confirms anything. Formats: record.ts.
 */

import { z } from 'zod';

import { RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import type { Outcome } from '../../../../core/outcome.ts';
import type { Endpoint } from '../../../model/recipient.ts';
import type { Notification, Sink, SinkDeps, SinkType } from '../../../model/sink.ts';
import { hostAndPort, isHost } from '../dial.ts';
import { readParams } from '../../read-params.ts';
import { port, tlsFilesOf } from '../params.ts';
import { answer, answerEach } from '../say.ts';
import { createRecorder, facilities, type RecordOptions } from './record.ts';
import { sendDatagrams } from './send-datagrams.ts';
import { sendLocal } from './send-local.ts';
import { sendStream } from './send-stream.ts';

const hostName = z
  .string()
  .regex(/^[0-9A-Za-z_.:-]{1,255}$/, 'must be a host name or an address')
  .refine(isHost, 'must be a host name or an address');

export const syslogEndpoint = z.strictObject({
  transport: z
    .enum(['udp', 'tcp', 'tls', 'local'])
    .describe(
      'udp: unacknowledged, what network or receiver drop is lost and counts as sent; tcp; tls (RFC 5425); local: the syslog of this host',
    ),
  host: hostName.optional().describe('The log server; not for local'),
  port: port.optional().describe('Default 514; 6514 for tls'),
  format: z
    .enum(['rfc3164', 'rfc5424', 'cef', 'ecs', 'json', 'plaintext', 'plaintextrfc'])
    .default('rfc5424')
    .describe(
      'rfc5424 with structured data, rfc3164, cef, ecs, json; plaintext and plaintextrfc are ntopng’s names for the text of rfc3164 and rfc5424',
    ),
  header: z
    .enum(['rfc3164', 'rfc5424'])
    .optional()
    .describe('Header before the text; default by format: rfc3164 for cef, rfc5424 for ecs and json'),
  facility: z.enum(facilities).default('local0').describe('Facility of each message'),
  appname: z
    .string()
    .regex(/^[0-9A-Za-z_.-]{1,32}$/, 'must be letters and digits')
    .default('idmef')
    .describe('Name of the program (TAG, APP-NAME)'),
  framing: z
    .enum(['octet-counting', 'lf'])
    .default('octet-counting')
    .describe('Between messages of a stream (RFC 6587): their length before them, or a line end after them'),
  receipt: z
    .enum(['close', 'flush'])
    .default('close')
    .describe(
      'tcp and tls. close: sent when the receiver has read all and closed after us; flush: when the system has taken the bytes',
    ),
  max_bytes: z
    .number()
    .int()
    .min(480)
    .max(ownSinkLimits.lineBytes)
    .optional()
    .describe('Longest message, the rest is cut off and counted in it; default 2048 for udp, 8192 else'),
  socket: z
    .string()
    .startsWith('/')
    .default('/dev/log')
    .describe('For local: where the syslog of this host listens'),
});

export const syslogRecipient = z.strictObject({});

export const syslogType: SinkType = {
  type: 'syslog',
  summary:
    'a log server over udp (unacknowledged), tcp or tls, or the local syslog; RFC 3164, RFC 5424, CEF, ECS, JSON',
  audience: 'machine',
  medium: 'plain',
  endpoint: syslogEndpoint,
  recipient: syslogRecipient,
  secrets: [],
  batch: ownSinkLimits.machineMessages,
  text: { body: ownSinkLimits.lineBytes },
  timeoutMs: ownSinkLimits.machineMs,
  create: createSyslog,
};

/** Sends records and says what became of each. */
export type SendRecords = (records: readonly Buffer[], signal: AbortSignal) => Promise<readonly Outcome[]>;

// Asynchronous by contract: a bad setting is a rejection.
// oxlint-disable-next-line typescript/require-await
async function createSyslog(endpoint: Endpoint, deps: SinkDeps): Promise<Sink> {
  const where = `endpoint ${endpoint.name}`;
  const params = readParams(syslogEndpoint, endpoint.params, where);
  const { transport } = params;
  if ((transport === 'local') === (params.host !== undefined)) {
    throw new RelayError('CONFIG', `${where}: host is for udp, tcp and tls, and needed there`);
  }
  if (transport === 'local' && endpoint.provenance === 'database') {
    throw new RelayError('CONFIG', `${where}: transport local is for the configuration file only`);
  }
  const records: RecordOptions = {
    format: params.format,
    header: transport === 'local' ? 'local' : params.header,
    facility: params.facility,
    appname: params.appname,
    maxBytes:
      params.max_bytes ?? (transport === 'udp' ? ownSinkLimits.datagramBytes : ownSinkLimits.streamLineBytes),
    hostname: deps.hostname,
    ...(deps.mark === undefined ? {} : { mark: deps.mark }),
  };
  const send = senderOf(endpoint, params, deps);
  if (transport === 'udp') {
    deps.log.notice(
      `${where}: syslog over udp is unacknowledged: what the network or the receiver drops is lost, and counts as sent`,
    );
  }
  const record = createRecorder(records);
  const sendAll = async (notification: Notification, signal: AbortSignal) => {
    const { messages, recipient } = notification;
    if (messages.length === 0) {
      const [outcome] = await send([record.words(notification)], signal);
      return answer(outcome ?? { kind: 'ok' }, true);
    }
    const outcomes = await send(
      messages.map((message) => record.alert(message, recipient.timeZone)),
      signal,
    );
    return answerEach(
      new Map(messages.map(({ seq }, index) => [seq, outcomes[index] ?? { kind: 'ok' }])),
      true,
    );
  };
  return { limits: () => [], send: sendAll, close: () => Promise.resolve() };
}

function senderOf(endpoint: Endpoint, params: z.output<typeof syslogEndpoint>, deps: SinkDeps): SendRecords {
  const { transport, host = '', framing, receipt, appname, socket } = params;
  const number = params.port ?? (transport === 'tls' ? 6514 : 514);
  const label = `syslog server ${hostAndPort(host, number)} (${transport})`;
  const target = { host, port: number, label, provenance: endpoint.provenance };
  if (transport === 'udp') return sendDatagrams(target, deps);
  if (transport === 'local') return sendLocal({ socket, appname, timers: deps.timers });
  const tls = transport === 'tls' ? { files: tlsFilesOf(endpoint) } : {};
  return sendStream({ target, framing, receipt, outbound: deps.outbound, ...tls });
}
