/** What the tests of sinks are made of: notifications, endpoints, recipients, and timers that a test moves. */

import { RelayError } from '../../../src/core/errors.ts';
import type { AlertView, PartyView } from '../../../src/dispatcher/model/alert-view.ts';
import type { Endpoint, Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type {
  Notification,
  OutboundPolicy,
  SendMessage,
  Sink,
  SinkDeps,
  SinkType,
} from '../../../src/dispatcher/model/sink.ts';
import type { Timers } from '../../../src/dispatcher/model/timers.ts';
import type { MessageView } from '../../../src/idmef/message-view.ts';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.ts';

export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

export interface VirtualTimers extends Timers {
  advance(ms: number): void;
  /** Calls that wait for their time. */
  pending(): number;
}

export function virtualTimers(): VirtualTimers {
  let passed = 0;
  const waiting = new Map<object, { readonly at: number; readonly work: () => void }>();
  return {
    now: () => START + passed,
    monotonic: () => passed,
    after: (ms, work) => {
      const key = {};
      waiting.set(key, { at: passed + ms, work });
      return () => void waiting.delete(key);
    },
    advance: (ms) => {
      passed += ms;
      for (const [key, { at, work }] of waiting) {
        if (at > passed) continue;
        waiting.delete(key);
        work();
      }
    },
    pending: () => waiting.size,
  };
}

const party = (fields: Partial<PartyView>): PartyView => ({
  address: '',
  name: '',
  port: '',
  user: '',
  process: '',
  file: '',
  ...fields,
});

export function messageView(changes: Partial<MessageView> = {}): MessageView {
  return {
    kind: 'Alert',
    messageid: 'abc-1',
    analyzers: [
      {
        analyzerid: 'ids-7',
        name: 'snort',
        manufacturer: 'Example',
        model: 'Snort',
        version: '3.1',
        class: 'NIDS',
        node: {
          name: 'sensor7',
          location: '',
          addresses: [{ category: '', address: '10.0.0.7', netmask: '' }],
        },
        process: undefined,
      },
    ],
    createTime: { iso: '2026-01-02T03:04:00Z', text: '2026-01-02T03:04:00Z', ntpstamp: '' },
    detectTime: undefined,
    analyzerTime: undefined,
    heartbeatInterval: '',
    classification: 'Brute force attack',
    references: [],
    severity: 'high',
    completion: '',
    impactType: 'user',
    impact: 'many logins',
    actions: [],
    confidence: '',
    sources: [],
    targets: [],
    special: '',
    specialName: '',
    alertidents: [],
    additionalData: [{ meaning: 'count', type: 'integer', value: 12 }],
    ...changes,
  };
}

export function alertView(changes: Partial<AlertView> = {}): AlertView {
  return {
    title: 'Brute force attack',
    severity: 4,
    urgency: 4,
    completion: '',
    confidence: '',
    when: Date.UTC(2026, 0, 2, 3, 4, 0),
    analyzer: 'snort',
    node: 'sensor7',
    sources: [party({ address: '198.51.100.7', port: '4711' })],
    targets: [party({ address: '192.0.2.10', name: 'www', port: '22', user: 'root' })],
    references: [{ name: 'CVE-2026-0001', url: 'https://cve.example/1' }],
    details: [{ name: 'count', value: '12' }],
    messageid: 'abc-1',
    heartbeat: false,
    message: messageView(),
    ...changes,
  };
}

export function sendMessage(seq: number, changes: Partial<SendMessage> = {}): SendMessage {
  return {
    seq,
    body: Buffer.from(`<idmef:Alert messageid="abc-${seq}"/>`),
    facts: {
      kind: 'alert',
      severity: 4,
      messageid: `abc-${seq}`,
      analyzer: 'ids-7',
      classification: 'Brute force attack',
      source: '198.51.100.7',
      target: '192.0.2.10',
      createTime: Date.UTC(2026, 0, 2, 3, 4, 0),
    },
    origin: { source: 'idmef', peer: 'DNS:poller' },
    at: START,
    view: alertView(),
    ...changes,
  };
}

export function endpointOf(
  type: SinkType,
  params: Readonly<Record<string, unknown>>,
  changes: Partial<Endpoint> = {},
): Endpoint {
  return { name: `the-${type.type}`, type: type.type, params, provenance: 'file', ...changes };
}

export function recipientOf(
  type: SinkType,
  params: Readonly<Record<string, unknown>>,
  changes: Partial<Recipient> = {},
): Recipient {
  return {
    name: 'soc',
    endpoint: `the-${type.type}`,
    params,
    provenance: 'file',
    audience: type.audience,
    enabled: true,
    minSeverity: 0,
    priority: 0,
    locale: 'en',
    timeZone: 'UTC',
    verbatim: false,
    ...changes,
  };
}

export function notificationTo(recipient: Recipient, changes: Partial<Notification> = {}): Notification {
  return {
    id: 17,
    tag: '#k3f9',
    idempotencyKey: 'msg_8c1fd7f0a1',
    repeated: false,
    form: 'messages',
    recipient,
    messages: [sendMessage(1)],
    rendered: { subject: 'Brute force attack', body: 'the body', plain: 'the plain text' },
    at: START,
    ...changes,
  };
}

/** What the real policy says of the file: everything goes. Tests that ask for more bring their own. */
export const anything: OutboundPolicy = { refusal: () => undefined };

export interface TestDeps extends SinkDeps {
  readonly timers: VirtualTimers;
  readonly log: RecordingLogger;
}

export function testDeps(outbound: OutboundPolicy = anything): TestDeps {
  return {
    log: recordingLogger(),
    timers: virtualTimers(),
    random: { bytes: (count) => new Uint8Array(count) },
    hostname: 'manager1',
    version: '1.2.3',
    outbound,
  };
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

/** A sink that is closed when the test ends. */
export async function sinkFor(t: Ending, type: SinkType, endpoint: Endpoint, deps: SinkDeps): Promise<Sink> {
  const sink = await type.create(endpoint, deps);
  t.after(() => sink.close());
  return sink;
}

export const never = (): AbortSignal => new AbortController().signal;

export function isConfigError(error: unknown): boolean {
  return error instanceof RelayError && error.code === 'CONFIG';
}
