/**
 * SecARC's alert JSON into the parts of an alert (reference: A.5.2).
 *
 * Called by secarc-source.ts. Pure. `{"module","alert_type","severity":1|2|3,"ip","data":"<JSON string>"}`; the three modules of
 * SecARC get their Source, Target and the words its bot used, any other is kept as it came. Nothing in it is authenticated: `ip` is
 * what the sender says of itself.
 */

import { parseAddress } from '../../../../core/network.ts';
import type { PartyParts } from '../../../../idmef/compose.ts';
import type { TextParts } from '../../wrap-text.ts';

export type SecarcAlert =
  | { readonly ok: true; readonly parts: Omit<TextParts, 'origin'> }
  /** One clause for the sender. */
  | { readonly ok: false; readonly reason: string };

type Fields = Readonly<Record<string, unknown>>;

interface Frame {
  readonly server: PartyParts;
  readonly data: Fields;
}

/** What a module says; undefined when its data lacks something. */
type Shape = (frame: Frame) => Omit<TextParts, 'origin' | 'severity' | 'analyzer'> | undefined;

const SEVERITIES = new Map<unknown, 'info' | 'medium' | 'high'>([
  [1, 'info'],
  [2, 'medium'],
  [3, 'high'],
]);

const MAX_PORT = 65_535;

const shapes: Readonly<Record<string, Shape>> = {
  'SSH new_connection'({ server, data }) {
    const address = addressOf(data['ip']);
    const port = wholeNumber(data['port']);
    if (address === undefined || port === undefined || port > MAX_PORT) return undefined;
    return {
      title: 'SSH new connection',
      text: `New connection from ${address} (port ${port})`,
      sources: [{ address, port, protocol: 'tcp' }],
      targets: [{ ...server, port: 22, protocol: 'tcp', serviceName: 'ssh' }],
    };
  },
  'PerfMonitor cpu'({ server, data }) {
    const usage = Number(data['usage'] ?? Number.NaN);
    if (!Number.isFinite(usage)) return undefined;
    return {
      title: 'High CPU usage',
      text: `CPU usage is ${usage} percent`,
      targets: [server],
      data: [{ meaning: 'usage', type: 'real', value: String(usage) }],
    };
  },
  'WebServer http_404'({ server, data }) {
    const address = addressOf(data['ip']);
    const count = wholeNumber(data['count']);
    const interval = wholeNumber(data['interval']);
    if (address === undefined || count === undefined || interval === undefined) return undefined;
    return {
      title: 'HTTP 404 errors',
      text: `There are ${count} HTTP 404 errors in the last ${interval} minutes from ${address}`,
      sources: [{ address }],
      targets: [{ ...server, port: 80, protocol: 'tcp', serviceName: 'http' }],
      data: [
        { meaning: 'count', type: 'integer', value: String(count) },
        { meaning: 'interval', type: 'integer', value: String(interval) },
      ],
    };
  },
};

/** `body`: of the request. */
export function readSecarcAlert(body: string): SecarcAlert {
  const alert = objectOf(body);
  if (alert === undefined) return refuse('the body is no JSON object');
  const { module, alert_type: type, severity, ip } = alert;
  if (typeof module !== 'string' || module === '') return refuse('module is missing');
  if (typeof type !== 'string' || type === '') return refuse('alert_type is missing');
  const rank = SEVERITIES.get(typeof severity === 'string' ? Number(severity) : severity);
  if (rank === undefined) return refuse('severity is not 1, 2 or 3');
  const address = addressOf(ip);
  if (address === undefined) return refuse('ip is no address');
  const server = { address };
  const common = { severity: rank, analyzer: { name: 'SecARC', class: module, node: address } };
  const key = `${module} ${type}`;
  const shape = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
  if (shape === undefined) {
    const title = `${module} ${type}`;
    return { ok: true, parts: { ...common, title, text: body, targets: [server] } };
  }
  const data = objectOf(alert['data']);
  const parts = data === undefined ? undefined : shape({ server, data });
  if (parts === undefined) return refuse(`data is not what ${module} ${type} has`);
  return { ok: true, parts: { ...common, ...parts } };
}

function refuse(reason: string): SecarcAlert {
  return { ok: false, reason };
}

/** An object, or its JSON: SecARC nests strings of JSON. */
function objectOf(value: unknown): Fields | undefined {
  let inner = value;
  for (let turn = 0; turn < 2 && typeof inner === 'string'; turn += 1) {
    try {
      inner = JSON.parse(inner);
    } catch {
      return undefined;
    }
  }
  return isFields(inner) ? inner : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function addressOf(value: unknown): string | undefined {
  return typeof value === 'string' && parseAddress(value) !== undefined ? value : undefined;
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
