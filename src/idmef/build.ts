/**
 * IDMEF alerts made by the relay itself: the test alert and reports of its own events.
 *
 * `idmef test-alert` and the poller's quarantine call this. Both results are strictly valid (RFC 4765 §8) with
 * text and ntpstamp of one instant.
 */

import type { Random } from '../core/ports.ts';
import { composeInto, type DatumParts, newDocument } from './compose.ts';

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

interface ReportParts extends Origin {
  readonly text: string;
  readonly severity: 'info' | 'low' | 'medium' | 'high';
  readonly impact: string;
  readonly data: readonly DatumParts[];
}

async function buildAlert(parts: ReportParts): Promise<BuiltAlert> {
  const messageid = Buffer.from(parts.random.bytes(16)).toString('hex');
  const root = await newDocument();
  const alert = composeInto(root, {
    messageid,
    analyzer: {
      analyzerid: `idmef-relay@${parts.hostname}`,
      name: 'idmef-relay',
      model: 'idmef-relay',
      class: 'Relay',
      node: parts.hostname,
    },
    createTime: parts.now,
    classification: parts.text,
    severity: parts.severity,
    impactType: 'other',
    impact: parts.impact,
    data: parts.data,
  });
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
  const data: DatumParts[] = [];
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
