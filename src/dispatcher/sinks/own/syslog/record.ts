/**
 * One alert as one syslog message: header, text, within the transport's length, and no control character anywhere.
 *
 * RFC 5424 has what machines look for as structured data (`idmef@32473`; 32473 is the number RFC 5612 keeps for examples). HOSTNAME is
 * where the alert comes from as far as that was proved (the sensor's certificate), else this host. The time is that of
 * arrival. `local` is what logger(1) wants on its input: `<PRI>text`, the rest it adds itself.
 */

import type { Severity } from '../../../../core/severity.ts';
import { severityNames } from '../../../../core/severity.ts';
import { escapeControls } from '../../../../log/escape.ts';
import { DELIVERY_MARK } from '../../../model/delivery-mark.ts';
import type { Notification, SendMessage } from '../../../model/sink.ts';
import { ecsDocument } from '../../format/ecs.ts';
import { alertDocument } from '../../format/alert-document.ts';
import { cefOf } from '../format/cef.ts';
import { cutText } from '../format/cut-text.ts';
import { fitLine } from '../format/fit-line.ts';
import { fitJson } from '../format/json-line.ts';
import { lineOf, plainLine } from '../../format/line.ts';

export const facilities = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;

export interface RecordOptions {
  readonly format: 'rfc3164' | 'rfc5424' | 'cef' | 'ecs' | 'json' | 'plaintext' | 'plaintextrfc';
  readonly header: 'rfc3164' | 'rfc5424' | 'local' | undefined;
  readonly facility: (typeof facilities)[number];
  readonly appname: string;
  readonly maxBytes: number;
  readonly hostname: string;
  /** Of this dispatcher, for structured data: what comes back is known by it. */
  readonly mark?: () => string;
}

export interface Recorder {
  alert(message: SendMessage, timeZone: string): Buffer;
  /** A test. */
  words(notification: Notification): Buffer;
}

/** syslog's severities by rank: unrated counts as medium. */
const severities: Readonly<Record<Severity, number>> = { 0: 4, 1: 6, 2: 5, 3: 4, 4: 2 };

export function createRecorder(options: RecordOptions): Recorder {
  const { format, facility, appname, maxBytes } = options;
  const header = options.header ?? (['rfc3164', 'plaintext', 'cef'].includes(format) ? 'rfc3164' : 'rfc5424');
  const here = hostnameOf(options.hostname);
  const formatOf = bsdFormats();
  const priority = (severity: number): string => `<${facilities.indexOf(facility) * 8 + severity}>`;

  const join = (head: string, body: (room: number) => string): Buffer =>
    Buffer.from(`${head}${body(maxBytes - Buffer.byteLength(head))}`);

  const head = (
    severity: number,
    at: number,
    host: string,
    kind: string,
    zone: string,
    data: (room: number) => string = () => '-',
  ): string => {
    const first = priority(severity);
    if (header === 'local') return first;
    if (header === 'rfc3164') return `${first}${bsdTime(at, formatOf(zone))} ${host} ${appname}: `;
    const start = `${first}1 ${new Date(at).toISOString()} ${host} ${appname} - ${kind} `;
    return `${start}${data((maxBytes - start.length) / 2)} `;
  };

  return {
    alert: (message, timeZone) => {
      const { facts, origin, at, view } = message;
      const host = hostnameOf(origin.sensor ?? origin.peer ?? here);
      const data =
        format === 'rfc5424'
          ? (room: number) => structuredData(message, options.mark?.() ?? '', room)
          : undefined;
      const severity = facts.kind === 'heartbeat' ? 7 : severities[view.severity];
      return join(head(severity, at, host, facts.kind, timeZone, data), (room) =>
        bodyOf(message, format, room),
      );
    },
    words: (notification) => {
      const { at, recipient, form } = notification;
      return join(head(5, at, here, form, recipient.timeZone), (room) =>
        fitLine(plainLine(notification), room),
      );
    },
  };
}

function bodyOf(message: SendMessage, format: RecordOptions['format'], room: number): string {
  if (format === 'cef') return cefOf(message, room);
  if (format === 'json') return fitJson(alertDocument(message), room);
  if (format === 'ecs') return fitJson(ecsDocument(message), room);
  return fitLine(lineOf(message), room);
}

/** Characters of one value: the most with which all of them together leave half of the record to its text. None: our mark alone. */
const valueChars = [100, 50, 24, 12, 0] as const;

function structuredData(message: SendMessage, mark: string, room: number): string {
  for (const chars of valueChars) {
    const data = elementOf(message, mark, chars);
    if (chars === 0 || Buffer.byteLength(data) <= room) return data;
  }
  return '-';
}

/** RFC 5424 §6.3: `"`, `\` and `]` are escaped within values. The mark is never cut: a loop is known by it. */
function elementOf({ facts, view, origin, at }: SendMessage, mark: string, chars: number): string {
  const when = view.when === undefined || view.when === at ? '' : new Date(view.when).toISOString();
  const values: readonly (readonly [string, string])[] = [
    ['messageid', facts.messageid],
    ['severity', severityNames[view.severity]],
    ['completion', view.completion],
    ['classification', facts.classification],
    ['analyzer', facts.analyzer],
    ['node', view.node],
    ['source', facts.source],
    ['target', facts.target],
    ['port', view.targets[0]?.port ?? ''],
    ['detected', when],
    ['profile', origin.profile ?? ''],
  ];
  const cut = chars === 0 ? [] : values.map(([name, value]) => [name, cutText(value, chars)] as const);
  const params = [...cut, [DELIVERY_MARK, mark] as const]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}="${escapeControls(value).replace(/["\\\]]/g, '\\$&')}"`);
  return params.length === 0 ? '-' : `[idmef@32473 ${params.join(' ')}]`;
}

/** Printable ASCII without spaces (RFC 5424 §6.2.4). */
function hostnameOf(name: string): string {
  return name.replace(/[^!-~]/g, '_').slice(0, 255) || '-';
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Jan  2 03:04:05` (RFC 3164 §4.1.2), local time of the recipient. */
function bsdTime(at: number, format: Intl.DateTimeFormat): string {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (name: 'month' | 'day' | 'hour' | 'minute' | 'second'): string => parts.get(name) ?? '';
  const clock = `${part('hour')}:${part('minute')}:${part('second')}`;
  return `${months[Number(part('month')) - 1] ?? 'Jan'} ${part('day').padStart(2, ' ')} ${clock}`;
}

/** Making one takes longer than using it a thousand times. */
function bsdFormats(): (timeZone: string) => Intl.DateTimeFormat {
  const known = new Map<string, Intl.DateTimeFormat>();
  return (timeZone) => {
    let format = known.get(timeZone);
    if (format === undefined) {
      const two = '2-digit';
      const shape = { month: 'numeric', day: 'numeric', hour: two, minute: two, second: two } as const;
      format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...shape });
      known.set(timeZone, format);
    }
    return format;
  };
}
