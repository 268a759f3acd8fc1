/** Messages as rows, and back: what listings, claims and `why` have in common. */

import { isObject, jsonObject, numberOf, textOf } from '../../core/json-object.ts';
import type { Severity } from '../../core/severity.ts';
import type { MessageFacts, MessageOrigin } from '../model/message.ts';

/** Columns of `message` that make a MessageFacts and a MessageOrigin. */
export const FACTS = `message.seq, message.at, message.heartbeat, message.severity, message.created_at AS createdAt,
  message.messageid, message.analyzer, message.classification, message.source, message.target, message.origin`;

export interface FactsRow {
  readonly seq: number;
  readonly at: number;
  readonly heartbeat: number;
  readonly severity: number;
  readonly createdAt: number | null;
  readonly messageid: string;
  readonly analyzer: string;
  readonly classification: string;
  readonly source: string;
  readonly target: string;
  readonly origin: string;
}

export function factsOf(row: FactsRow): MessageFacts {
  const { messageid, analyzer, classification, source, target } = row;
  return {
    kind: row.heartbeat === 0 ? 'alert' : 'heartbeat',
    severity: toSeverity(row.severity),
    messageid,
    analyzer,
    classification,
    source,
    target,
    createTime: row.createdAt ?? undefined,
  };
}

export function toSeverity(rank: number): Severity {
  return rank === 1 || rank === 2 || rank === 3 || rank === 4 ? rank : 0;
}

const texts = ['address', 'peer', 'profile', 'sensor', 'journal', 'owner'] as const;
const numbers = ['sequence', 'key'] as const;

/** As it was given; what is not of its kind (a salvaged row) is left out. */
export function originOf(json: string): MessageOrigin {
  const stored = jsonObject(json) ?? {};
  const parts: Record<string, string | number> = {};
  for (const name of texts) {
    const value = textOf(stored[name]);
    if (value !== undefined) parts[name] = value;
  }
  for (const name of numbers) {
    const value = numberOf(stored[name]);
    if (value !== undefined) parts[name] = value;
  }
  return { source: textOf(stored['source']) ?? '', ...parts };
}

/** A row's bytes as the Buffer the interface promises, without copying them. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function parseObject(json: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(json);
  return isObject(value) ? value : {};
}
