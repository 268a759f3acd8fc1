/**
 * The store on the calling thread: the asynchronous interface over the synchronous core.
 *
 * Made by tests and commands, and by serve.ts for callers in other threads. Batches that arrive together, and calls that end
 * together, share a transaction; long work is done in parts, so that others get their turns.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { storeLimits } from '../../core/limits.ts';
import { GroupCommit } from '../../journal/group-commit.ts';
import type { Claim, DigestClaim, LimitState, StormState } from '../model/delivery.ts';
import type { Receipt } from '../model/message.ts';
import type { ApiKey, AuditEntry } from '../model/records.ts';
import type {
  Arrival,
  ClaimWish,
  Finish,
  MessageRecord,
  Retention,
  SearchWish,
  Store,
} from '../model/store.ts';
import { checkArrivals } from './accept.ts';
import { appendAudit, auditTrail, checkAudit, unchecked } from './audit.ts';
import { backupStore } from './backup.ts';
import { StoreCore, type Leased, type OutboxCall } from './core.ts';
import { escalate } from './escalation.ts';
import { closeSilent, listIncidents, setIncident, showIncident } from './incidents.ts';
import type { Ledger } from './ledger.ts';
import { endStorm, listLimits, listStorms, setStorm } from './limits.ts';
import { listAnalyzers, messagesOf, searchStep, showMessage } from './messages.ts';
import {
  fallBack,
  giveUp,
  hold,
  nameRecipients,
  redrive,
  resume,
  type MovePart,
  type Part,
} from './moves.ts';
import type { StoreOptions } from './options.ts';
import { deadPairs, pairsOf } from './pairs.ts';
import { allQueues, oneQueue } from './queues.ts';
import { changeSettings, getState, keepConfig, listSettings, setState } from './settings.ts';
import { addSilence, expireSilence, listSilences } from './silences.ts';
import { storeStats } from './stats.ts';
import {
  addKey,
  changeKey,
  findKey,
  isUseNews,
  listKeys,
  listUsers,
  putUser,
  removeUser,
  useKey,
} from './users.ts';

/** Open a store, or make it. Rejects with a RelayError of the journal's codes. */
export async function openStore(options: StoreOptions): Promise<Store> {
  return new InProcessStore(new StoreCore(options));
}

export class InProcessStore implements Store {
  readonly #core: StoreCore;
  readonly #accepts: GroupCommit<readonly Arrival[], readonly Receipt[]>;
  readonly #calls: GroupCommit<OutboxCall, Leased | undefined>;
  readonly #forget = new Set<() => void>();
  #closing = false;

  constructor(core: StoreCore) {
    const { commitMessages, commitBytes, callGroup } = storeLimits;
    this.#core = core;
    this.#accepts = new GroupCommit<readonly Arrival[], readonly Receipt[]>(
      [commitMessages, commitBytes],
      sizeOf,
      (batches) => core.acceptAll(batches).map((result) => ({ result })),
    );
    this.#calls = new GroupCommit<OutboxCall, Leased | undefined>(
      [callGroup],
      () => [1],
      (calls) => core.callAll(calls),
    );
  }

  async accept(batch: readonly Arrival[]): Promise<readonly Receipt[]> {
    checkArrivals(batch);
    if (batch.length === 0) return [];
    return await this.#accepts.push(batch);
  }

  async refused(reason: string, count: number): Promise<void> {
    this.#core.change(({ counters }) => counters.add(`refused:${reason}`, count));
  }

  onDue(listener: (recipients: readonly string[]) => void): () => void {
    const forget = this.#core.onDue(listener);
    this.#forget.add(forget);
    return () => {
      forget();
      this.#forget.delete(forget);
    };
  }

  async nameRecipients(names: readonly string[], _now: number): Promise<void> {
    this.#core.change((ledger) => nameRecipients(ledger, names));
  }

  async queues(now: number) {
    return this.#core.look((ledger) => allQueues(ledger, now));
  }

  async queue(recipient: string, now: number) {
    return this.#core.look((ledger) => oneQueue(ledger, recipient, now));
  }

  async claim(recipient: string, wish: ClaimWish): Promise<Claim | undefined> {
    if (!this.#core.isDue(recipient, wish.now)) return undefined;
    const claim = await this.#calls.push({ kind: 'claim', recipient, wish });
    return claim === undefined || 'digest' in claim ? undefined : claim;
  }

  async claimDigest(recipient: string, now: number): Promise<DigestClaim | undefined> {
    const claim = await this.#calls.push({ kind: 'digest', recipient, now });
    return claim !== undefined && 'digest' in claim ? claim : undefined;
  }

  async finish(finish: Finish): Promise<void> {
    await this.#calls.push({ kind: 'finish', finish });
  }

  async abandon(claims?: readonly number[]): Promise<number> {
    // What its holder has finished must not be given back.
    this.#calls.flush();
    return this.#core.abandon(claims);
  }

  async hold(recipient: string, reason: string, now: number): Promise<void> {
    this.#core.change((ledger) => hold(ledger, recipient, reason, now));
  }

  async resume(recipient: string, _now: number): Promise<number> {
    return this.#core.change((ledger) => resume(ledger, recipient));
  }

  async fallBack(recipient: string, to: string, before: number, now: number): Promise<number> {
    return await this.#walk((ledger, after) => fallBack(ledger, recipient, { to, before, now }, after));
  }

  async giveUp(recipient: string, before: number, reason: string, now: number): Promise<number> {
    return await this.#walk((ledger, after) => giveUp(ledger, recipient, { before, reason, now }, after));
  }

  async escalate(now: number): Promise<number> {
    return await this.#repeat((ledger) => escalate(ledger, now));
  }

  async limits(): Promise<readonly LimitState[]> {
    return this.#core.look(listLimits);
  }

  async storms(): Promise<readonly StormState[]> {
    return this.#core.look(listStorms);
  }

  async setStorm(storm: StormState): Promise<void> {
    this.#core.change((ledger) => setStorm(ledger, storm));
  }

  async endStorm(recipient: string): Promise<void> {
    this.#core.change((ledger) => endStorm(ledger, recipient));
  }

  async dead(wish: Parameters<Store['dead']>[0]) {
    return this.#core.look((ledger) => deadPairs(ledger, wish));
  }

  async redrive(wish: Parameters<Store['redrive']>[0]): Promise<number> {
    return await this.#repeat((ledger) => redrive(ledger, wish));
  }

  async incidents(wish: Parameters<Store['incidents']>[0]) {
    return this.#core.look((ledger) => listIncidents(ledger, wish));
  }

  async incident(id: number) {
    return this.#core.look((ledger) => showIncident(ledger, id));
  }

  async setIncident(...args: Parameters<Store['setIncident']>) {
    return this.#core.change((ledger) => setIncident(ledger, ...args));
  }

  async closeSilent(now: number): Promise<number> {
    return await this.#repeat((ledger) => closeSilent(ledger, now));
  }

  async message(idOrSeq: string | number) {
    return this.#core.look((ledger) => showMessage(ledger, idOrSeq));
  }

  async messagesOf(incident: number, limit: number) {
    return this.#core.look((ledger) => messagesOf(ledger, incident, limit));
  }

  async pairs(seq: number) {
    return this.#core.look((ledger) => pairsOf(ledger, seq));
  }

  async search(wish: SearchWish): Promise<readonly MessageRecord[]> {
    const found: MessageRecord[] = [];
    const limit = Math.min(wish.limit, storeLimits.listedRows);
    let below: number | undefined = wish.before ?? Number.MAX_SAFE_INTEGER;
    while (below !== undefined && found.length < limit) {
      const from: number = below;
      const left = { ...wish, limit: limit - found.length };
      const step = this.#core.look((ledger) => searchStep(ledger, left, from));
      found.push(...step.found);
      ({ below } = step);
      if (below !== undefined && found.length < limit) await turn();
    }
    return found;
  }

  async analyzers() {
    return this.#core.look(listAnalyzers);
  }

  async silences() {
    return this.#core.look(listSilences);
  }

  async addSilence(silence: Parameters<Store['addSilence']>[0]) {
    return this.#core.change((ledger) => addSilence(ledger, silence));
  }

  async expireSilence(id: number, by: string, now: number): Promise<boolean> {
    return this.#core.change((ledger) => expireSilence(ledger, id, by, now));
  }

  async settings(kind: Parameters<Store['settings']>[0]) {
    return this.#core.look((ledger) => listSettings(ledger, kind));
  }

  async changeSettings(change: Parameters<Store['changeSettings']>[0]): Promise<void> {
    this.#core.change((ledger) => changeSettings(ledger, change));
  }

  async users() {
    return this.#core.look(listUsers);
  }

  async putUser(user: Parameters<Store['putUser']>[0]): Promise<void> {
    this.#core.change((ledger) => putUser(ledger, user));
  }

  async removeUser(name: string): Promise<boolean> {
    return this.#core.change((ledger) => removeUser(ledger, name));
  }

  async keys() {
    return this.#core.look(listKeys);
  }

  async findKey(hash: Buffer, now: number): Promise<ApiKey | undefined> {
    const key = this.#core.look((ledger) => findKey(ledger, hash));
    if (key !== undefined && isUseNews(key, now)) this.#core.change((ledger) => useKey(ledger, key.id, now));
    return key;
  }

  async addKey(key: Omit<ApiKey, 'id'>): Promise<ApiKey> {
    return this.#core.change((ledger) => addKey(ledger, key));
  }

  async changeKey(...args: Parameters<Store['changeKey']>): Promise<boolean> {
    return this.#core.change((ledger) => changeKey(ledger, ...args));
  }

  async keepConfig(version: Parameters<Store['keepConfig']>[0]): Promise<boolean> {
    return this.#core.change((ledger) => keepConfig(ledger, version));
  }

  async audit(entry: Parameters<Store['audit']>[0]): Promise<AuditEntry> {
    return this.#core.change((ledger) => appendAudit(ledger, entry));
  }

  async auditTrail(wish: Parameters<Store['auditTrail']>[0]) {
    return this.#core.look((ledger) => auditTrail(ledger, wish));
  }

  async verifyAudit(): Promise<number | undefined> {
    let check = unchecked;
    for (;;) {
      const from = check;
      check = this.#core.look((ledger) => checkAudit(ledger, from));
      if (check.done) return check.broken;
      await turn();
    }
  }

  async state(key: string): Promise<string | undefined> {
    return this.#core.look((ledger) => getState(ledger, key));
  }

  async setState(key: string, value: string): Promise<void> {
    this.#core.change((ledger) => setState(ledger, key, value));
  }

  async stats(now: number) {
    return this.#core.look((ledger) => storeStats(ledger, now));
  }

  async tidy(now: number, retention: Retention): Promise<boolean> {
    return this.#core.tidy(now, retention);
  }

  async backup(path: string): Promise<void> {
    this.flush();
    await backupStore(this.#core.path, path);
  }

  /** Commit what is waiting to be grouped. */
  flush(): void {
    this.#accepts.flush();
    this.#calls.flush();
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.flush();
    for (const forget of this.#forget) forget();
    this.#core.close();
  }

  async #repeat(work: (ledger: Ledger) => Part): Promise<number> {
    return await this.#walk((ledger) => ({ ...work(ledger), after: 0 }));
  }

  /** Parts, each a transaction, with turns of others in between. How many were moved. */
  async #walk(work: (ledger: Ledger, after: number) => MovePart): Promise<number> {
    let moved = 0;
    let after = 0;
    for (;;) {
      const from = after;
      const part = this.#core.change((ledger) => work(ledger, from));
      moved += part.moved;
      ({ after } = part);
      if (!part.more) return moved;
      await turn();
    }
  }
}

function sizeOf(batch: readonly Arrival[]): readonly number[] {
  return [batch.length, batch.reduce((sum, { body }) => sum + body.byteLength, 0)];
}
