/**
 * The way back from encode.ts: a payload of Prelude's native protocol as an object, or just what tells it from others.
 *
 * Reads what a manager passes on, written by anybody: nothing is thrown, and time and memory are bounded by the payload
 * and preludeLimits.
 */

import { preludeLimits } from '../../core/limits.ts';
import { lazy } from '../lazy.ts';
import type { PreludeObject, PreludeTime } from './model.ts';
import { ObjectDecoder } from './object-decoder.ts';
import { classes, END_OF_OBJECT, type ClassName } from './table.ts';
import { TlvCursor } from './tlv-cursor.ts';

const messages = ['alert', 'heartbeat'] as const;

/** The message, or undefined if the payload is not exactly one. */
export function decodeMessage(payload: Uint8Array): PreludeObject | undefined {
  const cursor = new TlvCursor(payload);
  if (!cursor.next() || cursor.length > 0) return undefined;
  const { tag } = cursor;
  const name = messages.find((candidate) => classes[candidate].tag === tag);
  if (name === undefined) return undefined;
  const message = new ObjectDecoder(cursor).object(name, 0);
  const ended = cursor.next() && cursor.tag === END_OF_OBJECT && cursor.length === 0 && cursor.atEnd;
  return ended ? message : undefined;
}

export interface EchoKey {
  /** '' when it has none. */
  readonly messageid: string;
  readonly createTime: PreludeTime | undefined;
  /** Outermost first; '' for an analyzer without one, so that places count. */
  readonly analyzerids: string[];
}

/** Tags of objects; fields have higher ones. */
const LAST_OBJECT = 28;

/** Finds what an echo is known by, without making objects of the rest: a manager sends everybody's messages. */
export function echoKey(payload: Uint8Array): EchoKey | undefined {
  const cursor = new TlvCursor(payload);
  if (!cursor.next()) return undefined;
  const places = keyPlaces().get(cursor.tag);
  if (places === undefined) return undefined;
  let messageid = '';
  let createTime: PreludeTime | undefined;
  const analyzerids: string[] = [];
  let inAnalyzer = false;
  let depth = 1;
  while (cursor.next()) {
    const { tag } = cursor;
    if (tag === END_OF_OBJECT) {
      if (depth === 0) return cursor.atEnd ? { messageid, createTime, analyzerids } : undefined;
      depth -= 1;
    } else if (depth === 0) {
      return undefined;
    } else if (tag <= LAST_OBJECT) {
      if (depth === 1) inAnalyzer = tag === places.analyzer;
      if (depth === 1 && inAnalyzer && analyzerids.push('') > preludeLimits.parts) return undefined;
      depth += 1;
    } else if (depth === 1 && tag === places.messageid) {
      messageid = cursor.text() ?? '';
    } else if (depth === 1 && tag === places.createTime) {
      createTime = cursor.time();
    } else if (depth === 2 && inAnalyzer && tag === places.analyzerid) {
      analyzerids[analyzerids.length - 1] = cursor.text() ?? '';
    }
  }
  return undefined;
}

interface KeyPlaces {
  readonly messageid: number;
  readonly createTime: number;
  readonly analyzer: number;
  readonly analyzerid: number;
}

const keyPlaces = lazy(() => {
  const tagOf = (name: ClassName, field: string): number => classes[name].fields[field]?.tag ?? -1;
  return new Map<number, KeyPlaces>(
    messages.map((name) => [
      classes[name].tag,
      {
        messageid: tagOf(name, 'messageid'),
        createTime: tagOf(name, 'create_time'),
        analyzer: tagOf(name, 'analyzer'),
        analyzerid: tagOf('analyzer', 'analyzerid'),
      },
    ]),
  );
});
