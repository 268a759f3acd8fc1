/**
 * IDMEF alerts made by the relay itself: the test alert and reports of its own events.
 *
 * `idmef test-alert` and the poller's quarantine call this. Both results are strictly valid (RFC 4765 §8) with
 * text and ntpstamp of one instant. xmlbuilder2 is loaded on first use: the empty poll must not pay for it.
 * It leaves anything that looks like a reference unescaped (`&amp;` in a text stays `&amp;`), so every value is
 * handed over with its ampersands escaped; control characters, which XML cannot carry, become U+FFFD.
 */

import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';

import type { Random } from '../core/ports.ts';
import { RFC_NAMESPACE } from './envelope.ts';
import { ntpstampOf } from './ntpstamp.ts';

export interface BuiltAlert {
  /** A complete document, for a spool file or stdout. */
  readonly document: Uint8Array;
  /** The Alert alone, self-contained, for a journal. */
  readonly message: Uint8Array;
  readonly messageid: string;
}

interface Origin {
  /** Wall time, milliseconds. */
  readonly now: number;
  readonly hostname: string;
  readonly random: Random;
}

export interface TestAlertOptions extends Origin {
  /** Said in the alert beside the fixed words; default none. */
  readonly text?: string;
  /** Who asked for it, e.g. a login name. */
  readonly by?: string;
}

export interface ReportOptions extends Origin {
  /** Classification: what happened, in a few words. */
  readonly text: string;
  readonly severity: 'info' | 'low' | 'medium' | 'high';
  /** Profile or certificate name of the sensor it is about. */
  readonly sensor?: string;
  /** Rule ids that were broken. */
  readonly rules?: readonly string[];
  /** How many messages it stands for. */
  readonly count?: number;
  /** One sentence for the operator. */
  readonly detail?: string;
}

interface Datum {
  readonly meaning: string;
  readonly type: 'string' | 'integer';
  readonly value: string;
}

interface AlertParts extends Origin {
  readonly text: string;
  readonly severity: string;
  readonly impact: string;
  readonly data: readonly Datum[];
}

function escaped(value: string): string {
  return value.replace(/[&\t\n\r]/g, (c) => (c === '&' ? '&amp;' : `&#${c.charCodeAt(0)};`));
}

function child(
  parent: XMLBuilder,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): XMLBuilder {
  const element = parent.ele(RFC_NAMESPACE, `idmef:${name}`);
  for (const [key, value] of Object.entries(attributes)) {
    element.att(key, escaped(value));
  }
  return element;
}

function leaf(parent: XMLBuilder, name: string, text: string): void {
  child(parent, name).txt(escaped(text));
}

async function buildAlert(parts: AlertParts): Promise<BuiltAlert> {
  const { create } = await import('xmlbuilder2');
  const messageid = Buffer.from(parts.random.bytes(16)).toString('hex');
  const stamp = ntpstampOf(parts.now);
  if (stamp === undefined) {
    throw new RangeError(`the clock says ${parts.now} ms, which no NTP timestamp can say`);
  }
  const root = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '\uFFFD' }).ele(
    RFC_NAMESPACE,
    'idmef:IDMEF-Message',
    { version: '1.0' },
  );
  const alert = child(root, 'Alert', { messageid });
  const analyzer = child(alert, 'Analyzer', {
    analyzerid: `idmef-relay@${parts.hostname}`,
    name: 'idmef-relay',
    model: 'idmef-relay',
    class: 'Relay',
  });
  leaf(child(analyzer, 'Node'), 'name', parts.hostname);
  child(alert, 'CreateTime', { ntpstamp: stamp }).txt(new Date(parts.now).toISOString());
  child(alert, 'Classification', { text: parts.text });
  const assessment = child(alert, 'Assessment');
  child(assessment, 'Impact', { severity: parts.severity, type: 'other' }).txt(escaped(parts.impact));
  for (const { meaning, type, value } of parts.data) {
    leaf(child(alert, 'AdditionalData', { type, meaning }), type, value);
  }
  return {
    document: Buffer.from(`${root.end({ prettyPrint: true })}\n`),
    message: Buffer.from(alert.toString()),
    messageid,
  };
}

/** An alert that says in every place a person may look that it is a test. */
export async function buildTestAlert(options: TestAlertOptions): Promise<BuiltAlert> {
  const { text, by = 'unknown' } = options;
  return await buildAlert({
    ...options,
    text: text === undefined ? 'TEST alert of idmef-relay' : `TEST: ${text}`,
    severity: 'info',
    impact: 'none: this is a test',
    data: [
      {
        meaning: 'test',
        type: 'string',
        value: `test alert, made by ${by} on ${options.hostname}; no action needed`,
      },
    ],
  });
}

/** An alert of the relay about an event of its own, such as messages put into quarantine. */
export async function buildReport(options: ReportOptions): Promise<BuiltAlert> {
  const data: Datum[] = [];
  if (options.sensor !== undefined) {
    data.push({ meaning: 'sensor', type: 'string', value: options.sensor });
  }
  for (const rule of options.rules ?? []) {
    data.push({ meaning: 'rule', type: 'string', value: rule });
  }
  if (options.count !== undefined) {
    data.push({ meaning: 'count', type: 'integer', value: String(options.count) });
  }
  return await buildAlert({ ...options, impact: options.detail ?? '', data });
}
