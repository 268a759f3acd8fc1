/** Small configurations and messages for the tests of routing and of the door. */

import assert from 'node:assert/strict';

import type { Criteria } from '../../../src/idmef/criteria/criteria.ts';
import { parseCriteria } from '../../../src/idmef/criteria/parse-criteria.ts';
import { RFC_NAMESPACE } from '../../../src/idmef/envelope.ts';
import type { RouteNode, TimeInterval } from '../../../src/dispatcher/model/config.ts';
import type { Inbound, MessageOrigin } from '../../../src/dispatcher/model/message.ts';
import type { Plan } from '../../../src/dispatcher/model/plan.ts';
import type { RouteInput } from '../../../src/dispatcher/model/ports.ts';
import type { Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { Silence } from '../../../src/dispatcher/model/records.ts';
import { createRouter, type ExplainingRouter } from '../../../src/dispatcher/route/router.ts';
import { compileSilences } from '../../../src/dispatcher/route/silences.ts';
import { parseTimeInterval } from '../../../src/dispatcher/route/time-interval.ts';

/** A Monday, 10:00 in UTC, 11:00 in Madrid. */
export const MONDAY = Date.UTC(2026, 0, 5, 10);

export const origin: MessageOrigin = { source: 'idmef', peer: 'manager', sensor: 'dmz1' };

export function criteria(text: string): Criteria {
  const parsed = parseCriteria(text);
  assert.ok(parsed.ok, text);
  return parsed.criteria;
}

export function interval(text: string, timeZone = 'UTC'): TimeInterval {
  const parsed = parseTimeInterval(text, timeZone);
  assert.ok(parsed.ok, text);
  return parsed.interval;
}

export interface AlertSketch {
  readonly messageid?: string;
  readonly severity?: string;
  readonly text?: string;
  readonly source?: string;
  readonly target?: string;
  readonly analyzer?: string;
  readonly data?: Readonly<Record<string, string>>;
}

function party(name: string, address: string | undefined): string {
  if (address === undefined) return '';
  return `<${name}><Node><Address><address>${address}</address></Address></Node></${name}>`;
}

/** An Alert with as little as is said. */
export function alert(sketch: AlertSketch = {}): Buffer {
  const {
    messageid = 'a1',
    severity,
    text = 'Port scan',
    source,
    target,
    analyzer = 'probe',
    data = {},
  } = sketch;
  return Buffer.from(
    `<Alert xmlns="${RFC_NAMESPACE}" messageid="${messageid}"><Analyzer analyzerid="${analyzer}"/>` +
      `<CreateTime ntpstamp="0x00000000.0x00000000">2026-01-05T09:59:58Z</CreateTime>${party('Source', source)}${party('Target', target)}` +
      `<Classification text="${text}"/>` +
      (severity === undefined ? '' : `<Assessment><Impact severity="${severity}"/></Assessment>`) +
      Object.entries(data)
        .map(
          ([meaning, value]) =>
            `<AdditionalData type="string" meaning="${meaning}"><string>${value}</string></AdditionalData>`,
        )
        .join('') +
      '</Alert>',
  );
}

export const heartbeat = Buffer.from(
  `<Heartbeat xmlns="${RFC_NAMESPACE}" messageid="h1"><Analyzer name="probe"/>` +
    '<CreateTime ntpstamp="0x00000000.0x00000000">2026-01-05T09:59:58Z</CreateTime></Heartbeat>',
);

type NodeSketch = Partial<Omit<RouteNode, 'when' | 'routes' | 'path'>> & {
  readonly when?: string;
  readonly routes?: readonly NodeSketch[];
};

/** A node with the defaults of the configuration, paths filled in. */
export function node({ when, routes = [], ...rest }: NodeSketch, path = 'route'): RouteNode {
  return {
    inherit: true,
    continue: false,
    to: [],
    groupBy: ['classification.text', 'source(0).node.address(0).address'],
    groupWaitMs: 30_000,
    windowMs: 86_400_000,
    repeatMs: 3_600_000,
    repeatMaxMs: 86_400_000,
    escalate: [],
    active: [],
    mute: [],
    ...rest,
    path,
    ...(when === undefined ? {} : { when: criteria(when) }),
    routes: routes.map((child, index) => node(child, `${path}.routes[${index}]`)),
  };
}

/** Of people, but `siem`. */
export function recipient(name: string, rest: Partial<Recipient> = {}): Recipient {
  return {
    name,
    endpoint: 'e',
    params: {},
    provenance: 'file',
    audience: name === 'siem' ? 'machine' : 'people',
    enabled: true,
    minSeverity: 0,
    priority: 100,
    locale: 'en',
    timeZone: 'UTC',
    verbatim: true,
    ...rest,
  };
}

export function silence(rest: Partial<Silence> = {}): Silence {
  return {
    id: 7,
    criteria: 'alert',
    author: 'ana',
    reason: 'maintenance',
    from: MONDAY - 1000,
    until: MONDAY + 3_600_000,
    ...rest,
  };
}

export interface World {
  readonly router: ExplainingRouter;
  readonly input: (body: Buffer, inbound?: Partial<Omit<Inbound, 'body'>>, at?: number) => RouteInput;
  readonly plan: (body: Buffer, inbound?: Partial<Omit<Inbound, 'body'>>, at?: number) => Plan;
}

export function world(
  route: RouteNode,
  recipients: readonly Recipient[],
  silences: readonly Silence[] = [],
): World {
  const router = createRouter({ route, recipients }, () => compileSilences(silences).silences);
  const input: World['input'] = (body, inbound = {}, at = MONDAY) => ({
    body,
    facts: router.read(body).facts,
    inbound: { origin, ...inbound },
    at,
  });
  return { router, input, plan: (...args) => router.plan(input(...args)) };
}
