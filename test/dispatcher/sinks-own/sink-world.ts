/** What a sink is given by the dispatcher, for tests: messages, notifications, endpoints, and ports that can be looked at. */

import { randomBytes } from 'node:crypto';

import type { AlertView, PartyView } from '../../../src/dispatcher/model/alert-view.ts';
import type { MessageOrigin } from '../../../src/dispatcher/model/message.ts';
import type { Endpoint, Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { Notification, SendMessage, SinkDeps } from '../../../src/dispatcher/model/sink.ts';
import type { Timers } from '../../../src/dispatcher/model/timers.ts';
import { severityRank } from '../../../src/core/severity.ts';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.ts';
import { sampleMessage } from '../../support/sample-alerts.ts';

export interface World extends SinkDeps {
  readonly log: RecordingLogger;
}

export function world(changes: Partial<SinkDeps> = {}): World {
  return {
    timers: realTimers,
    random: { bytes: (count) => randomBytes(count) },
    hostname: 'soc.example.org',
    version: '1.2.3',
    outbound: { refusal: () => undefined },
    ...changes,
    log: recordingLogger(),
  };
}

export const realTimers: Timers = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Timers that run when the test says so. */
export interface ManualTimers extends Timers {
  /** Runs what falls due on the way, in order. */
  advance(ms: number): Promise<void>;
}

export function manualTimers(start = Date.UTC(2026, 0, 2, 3, 4, 5)): ManualTimers {
  let passed = 0;
  let pending: { at: number; work: () => void }[] = [];
  return {
    now: () => start + passed,
    monotonic: () => passed,
    after: (ms, work) => {
      const entry = { at: passed + ms, work };
      pending.push(entry);
      return () => {
        pending = pending.filter((other) => other !== entry);
      };
    },
    advance: async (ms) => {
      const end = passed + ms;
      for (;;) {
        const next = pending.toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > end) break;
        pending = pending.filter((other) => other !== next);
        passed = next.at;
        next.work();
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      passed = end;
    },
  };
}

/** As src/dispatcher/config makes it: what is said of TLS is no parameter of the type. */
export function endpoint(
  type: string,
  { ca_file: caFile, client_cert: clientCert, client_key: clientKey, ...params }: Record<string, unknown>,
  more: Partial<Endpoint> = {},
): Endpoint {
  return {
    name: `my-${type}`,
    type,
    params,
    provenance: 'file',
    ...(typeof caFile === 'string' ? { caFile } : {}),
    ...(typeof clientCert === 'string' ? { clientCert } : {}),
    ...(typeof clientKey === 'string' ? { clientKey } : {}),
    ...more,
  };
}

export function recipient(params: Record<string, unknown> = {}, more: Partial<Recipient> = {}): Recipient {
  return {
    name: 'team',
    endpoint: 'mine',
    params,
    provenance: 'file',
    audience: 'machine',
    enabled: true,
    minSeverity: 0,
    priority: 0,
    locale: 'en',
    timeZone: 'UTC',
    verbatim: true,
    ...more,
  };
}

const nobody: PartyView = { address: '', name: '', port: '', user: '', process: '', file: '' };

export interface AlertParts {
  readonly title?: string;
  readonly severity?: string;
  readonly analyzer?: string;
  readonly node?: string;
  readonly source?: Partial<PartyView>;
  readonly target?: Partial<PartyView>;
  readonly details?: AlertView['details'];
  readonly messageid?: string;
  readonly completion?: string;
  readonly origin?: MessageOrigin;
  readonly verbatim?: string;
  readonly incident?: SendMessage['incident'];
  readonly body?: Buffer;
  readonly at?: number;
  readonly additionalData?: AlertView['message']['additionalData'];
}

export function message(seq: number, parts: AlertParts = {}): SendMessage {
  const severity = severityRank(parts.severity ?? 'high');
  const { title = 'Brute force attack', analyzer = 'nids', node = 'dmz1', messageid = `id-${seq}` } = parts;
  const source = { ...nobody, address: '198.51.100.7', ...parts.source };
  const target = { ...nobody, address: '192.0.2.5', port: '22', ...parts.target };
  const at = parts.at ?? Date.UTC(2026, 0, 2, 3, 4, 5);
  const time = { iso: new Date(at).toISOString(), text: '', ntpstamp: '' };
  const view: AlertView = {
    title,
    severity,
    urgency: severity === 0 ? 3 : severity,
    completion: parts.completion ?? '',
    confidence: '',
    when: at,
    analyzer,
    node,
    sources: [source],
    targets: [target],
    references: [],
    details: parts.details ?? [],
    messageid,
    heartbeat: false,
    message: {
      kind: 'Alert',
      messageid,
      analyzers: [
        {
          analyzerid: analyzer,
          name: analyzer,
          manufacturer: '',
          model: '',
          version: '',
          class: '',
          node: undefined,
          process: undefined,
        },
      ],
      createTime: time,
      detectTime: undefined,
      analyzerTime: undefined,
      heartbeatInterval: '',
      classification: title,
      references: [],
      severity: parts.severity ?? 'high',
      completion: parts.completion ?? '',
      impactType: '',
      impact: '',
      actions: [],
      confidence: '',
      sources: [],
      targets: [],
      special: '',
      specialName: '',
      alertidents: [],
      additionalData: parts.additionalData ?? [],
    },
  };
  return {
    seq,
    body: parts.body ?? sampleMessage(seq),
    facts: {
      kind: 'alert',
      severity,
      messageid,
      analyzer,
      classification: title,
      source: source.address,
      target: target.address,
      createTime: at,
    },
    origin: parts.origin ?? { source: 'idmef' },
    at,
    ...(parts.verbatim === undefined ? {} : { verbatim: parts.verbatim }),
    view,
    ...(parts.incident === undefined ? {} : { incident: parts.incident }),
  };
}

export function notification(
  messages: readonly SendMessage[],
  to: Recipient,
  more: Partial<Notification> = {},
): Notification {
  return {
    id: 17,
    tag: '#k3f9',
    idempotencyKey: 'key-0123456789abcdef',
    repeated: false,
    form: 'messages',
    recipient: to,
    messages,
    rendered: { subject: 'subject', body: '<p>body</p>', plain: 'plain text' },
    at: Date.UTC(2026, 0, 2, 3, 4, 5),
    ...more,
  };
}

export const never = new AbortController().signal;
