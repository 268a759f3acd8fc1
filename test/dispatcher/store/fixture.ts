/** A store in a directory of its own, with small messages and plans to tell apart. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RelayError, type ErrorCode } from '../../../src/core/errors.ts';
import type { Random } from '../../../src/core/ports.ts';
import type { Severity } from '../../../src/core/severity.ts';
import type { AttemptRecord, Fate } from '../../../src/dispatcher/model/delivery.ts';
import type { MessageFacts, MessageOrigin } from '../../../src/dispatcher/model/message.ts';
import type { PlannedIncident, PlannedPair } from '../../../src/dispatcher/model/plan.ts';
import type { Arrival, Finish, Store } from '../../../src/dispatcher/model/store.ts';
import { openStore } from '../../../src/dispatcher/store/in-process.ts';
import { brokenLaws } from '../../../src/dispatcher/store/law.ts';
import type { StoreLoss, StoreOptions, StoreSetAside } from '../../../src/dispatcher/store/options.ts';
import { manualClock } from '../../support/manual-clock.ts';

export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
export const MINUTE = 60_000;
/** Memory where there is some to write to: what is tried here is not what a disk does. */
export const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

interface Ending {
  after(hook: () => void | Promise<void>): void;
}

export interface TestStore {
  readonly dir: string;
  readonly path: string;
  readonly setAside: StoreSetAside[];
  readonly losses: StoreLoss[];
  readonly options: StoreOptions;
  /** Open it, again after a close; closed when the test ends. */
  readonly open: () => Promise<Store>;
}

export function countingRandom(): Random {
  let last = 0;
  return {
    bytes: (count) => {
      const bytes = new Uint8Array(count);
      new DataView(bytes.buffer).setUint32(0, ++last);
      return bytes;
    },
  };
}

export function testStore(t: Ending): TestStore {
  const dir = mkdtempSync(join(ROOM, 'store-test-'));
  const path = join(dir, 'store.db');
  const setAside: StoreSetAside[] = [];
  const losses: StoreLoss[] = [];
  const options: StoreOptions = {
    path,
    reserveBytes: 0,
    clock: manualClock(NOW),
    random: countingRandom(),
    onSetAside: (event) => setAside.push(event),
    onLoss: (event) => losses.push(event),
  };
  const opened: Store[] = [];
  t.after(async () => {
    for (const store of opened) await store.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const open = async (): Promise<Store> => {
    const store = await openStore(options);
    opened.push(store);
    return store;
  };
  return { dir, path, setAside, losses, options, open };
}

export interface Wish {
  readonly at?: number;
  readonly id?: string;
  readonly severity?: Severity;
  readonly kind?: MessageFacts['kind'];
  readonly classification?: string;
  readonly analyzer?: string;
  readonly source?: string;
  readonly target?: string;
  readonly origin?: Partial<MessageOrigin>;
  readonly verbatim?: string;
  readonly config?: string;
  readonly incidents?: readonly PlannedIncident[];
  readonly pairs?: readonly (string | PlannedPair)[];
}

export function sha256(text: string | Uint8Array): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A message of that text; pairs given by name go to machines, outside incidents. */
export function arrival(text: string, wish: Wish = {}): Arrival {
  const { at = NOW, severity = 2, classification = 'c', source = '', target = '', analyzer = 'a' } = wish;
  const body = Buffer.from(text);
  const { origin, verbatim, kind = 'alert', id = text } = wish;
  return {
    id: sha256(id).toString('hex', 0, 16),
    hash: sha256(body),
    body,
    facts: { kind, severity, messageid: id, analyzer, classification, source, target, createTime: at },
    origin: { source: 'idmef', ...origin },
    ...(verbatim === undefined ? {} : { verbatim }),
    at,
    config: wish.config ?? 'config-1',
    plan: {
      incidents: wish.incidents ?? [],
      pairs: (wish.pairs ?? ['m']).map((pair) => (typeof pair === 'string' ? machine(pair, severity) : pair)),
    },
  };
}

export function machine(recipient: string, severity: number): PlannedPair {
  return { recipient, audience: 'machine', route: 'route', priority: severity * 1000, waitMs: 0 };
}

export function person(recipient: string, severity: number, more: Partial<PlannedPair> = {}): PlannedPair {
  return { ...machine(recipient, severity), audience: 'people', incident: 0, ...more };
}

export function incident(key: string, more: Partial<PlannedIncident> = {}): PlannedIncident {
  return { key, title: `incident ${key}`, windowMs: 60 * MINUTE, escalate: [], ...more };
}

export function attempt(more: Partial<AttemptRecord> = {}): AttemptRecord {
  return { form: 'messages', startedAt: NOW, endedAt: NOW, outcome: 'ok', reason: '', ...more };
}

/** A whole finish with one fate for all. */
export function ended(claim: number, fate: Fate = { kind: 'sent' }, at = NOW): Finish {
  const reason = 'reason' in fate ? fate.reason : '';
  const outcomes = { sent: 'ok', again: 'again', held: 'broken', dead: 'refused' } as const;
  return { claim, fate, attempt: attempt({ outcome: outcomes[fate.kind], reason, endedAt: at }) };
}

export async function assertLaw(store: Store, now = NOW): Promise<void> {
  assert.deepEqual(brokenLaws(await store.stats(now)), []);
}

export function fails(code: ErrorCode, words?: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof RelayError, String(error));
    assert.equal(error.code, code, error.message);
    if (words !== undefined) assert.match(error.message, words);
    return true;
  };
}

export async function texts(store: Store, recipient: string, pairs = 10, now = NOW): Promise<string[]> {
  const claim = await store.claim(recipient, { now, pairs });
  return (claim?.pairs ?? []).map(({ body }) => body.toString());
}
