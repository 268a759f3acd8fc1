/**
 * The dispatcher's store as everybody sees it: asynchronous, in whole transactions, nothing of SQLite in it, so that PostgreSQL
 * can stand behind it too. Made by src/dispatcher/store: in-process (tests, commands), or in a worker thread (the service).
 *
 * Durable before a promise resolves. Every rejection is a RelayError of the journal's codes (JOURNAL_FULL, JOURNAL_IO, …).
 * All times are wall milliseconds and come from the caller, so that a simulation can hold the clock.
 */

import type { Incident, IncidentChange, IncidentState } from './incident.ts';
import type {
  AttemptRecord,
  Claim,
  DeliveryState,
  DigestClaim,
  Fate,
  LimitState,
  StormState,
} from './delivery.ts';
import type { MessageFacts, MessageId, MessageOrigin, Lifecycle, Receipt } from './message.ts';
import type { Plan } from './plan.ts';
import type {
  ApiKey,
  AuditEntry,
  AuditNote,
  AuditedVerb,
  ChangeNote,
  ConfigVersion,
  KeyChange,
  NamedSetting,
  SettingKind,
  SettingsChange,
  Silence,
  User,
} from './records.ts';

/** One message with its plan, ready to be stored. */
export interface Arrival {
  readonly id: MessageId;
  /** SHA-256 of the bytes, 32 bytes. */
  readonly hash: Buffer;
  readonly body: Buffer;
  readonly facts: MessageFacts;
  readonly origin: MessageOrigin;
  readonly verbatim?: string;
  readonly lifecycle?: Lifecycle;
  /** Wall ms. */
  readonly at: number;
  /** Hash of the configuration the plan was made under. */
  readonly config: string;
  readonly plan: Plan;
}

export interface RecipientQueue {
  readonly recipient: string;
  /** Due now. */
  readonly due: number;
  /** Due now or later, not leased. */
  readonly pending: number;
  readonly leased: number;
  readonly held: number;
  readonly dead: number;
  readonly sent: number;
  readonly suppressed: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  /** All pairs ever planned. */
  readonly planned: number;
  /** Acceptance of the oldest pair that is neither sent, dead nor suppressed. */
  readonly oldestAt?: number;
  /** When the next one is due. */
  readonly nextAt?: number;
  /** Why it is held: `removed`, or a provider's words. */
  readonly heldReason?: string;
  readonly heldSince?: number;
  readonly lastSentAt?: number;
  readonly lastError?: string;
}

export interface ClaimWish {
  readonly now: number;
  /** Pairs at most. */
  readonly pairs: number;
  /** Bytes of their bodies at most, but for the first, which always comes. */
  readonly bytes?: number;
  /** Only high alerts of a classification that the recipient's storm has not seen. */
  readonly breakout?: true;
  /** This one alone, if it is due; or anything but these. */
  readonly only?: number;
  readonly except?: readonly number[];
}

/** Dead pairs: all, of a recipient, of a message. */
export interface DeadWish {
  readonly recipient?: string;
  readonly seq?: number;
  readonly now: number;
}

export interface Finish {
  /** Number of the claim. */
  readonly claim: number;
  readonly attempt: AttemptRecord;
  /** For all pairs of the claim … */
  readonly fate: Fate;
  /** … but these. */
  readonly except?: readonly { readonly seq: number; readonly fate: Fate }[];
  /** Buckets as they are after the call. */
  readonly limits?: readonly LimitState[];
}

export interface PairRecord {
  readonly seq: number;
  readonly recipient: string;
  readonly route: string;
  readonly state: DeliveryState;
  readonly reason: string;
  readonly attempts: number;
  readonly notBefore: number;
  readonly incident?: number;
  readonly notifications: readonly (AttemptRecord & { readonly id: number; readonly pairs: number })[];
}

/** A notification as people know it, by its tag. */
export interface NotificationRecord extends AttemptRecord {
  readonly id: number;
  readonly recipient: string;
  readonly pairs: number;
  /** The messages it carried, at most so many as were asked for. */
  readonly seqs: readonly number[];
}

export interface MessageRecord {
  readonly seq: number;
  readonly id: MessageId;
  readonly at: number;
  readonly facts: MessageFacts;
  readonly origin: MessageOrigin;
  readonly verbatim?: string;
  /** What is wrong with its bytes, which cannot be relied on then. */
  readonly damaged?: string;
  readonly conflict: boolean;
  /** Hash of the configuration it was routed under, and when that was loaded. */
  readonly config: string;
  readonly configAt?: number;
  readonly incidents: readonly number[];
  readonly body: Buffer;
}

export interface SearchWish {
  readonly since?: number;
  readonly until?: number;
  /** Rank. Unrated alerts count as medium. */
  readonly minSeverity?: number;
  /** Substring of classification, analyzer, source or target. */
  readonly text?: string;
  /** Continue below this sequence: newest first. */
  readonly before?: number;
  readonly limit: number;
}

export interface AnalyzerRecord {
  /** The authenticated name of who brought it: `sensor`, else `profile`, `peer`, source. */
  readonly origin: string;
  readonly analyzer: string;
  readonly lastAt: number;
  readonly lastHeartbeatAt?: number;
  readonly messages: number;
}

export interface StoreStats {
  readonly id: string;
  /** offered = stored + duplicate; conflict counts among stored. */
  readonly offered: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly conflict: number;
  /** Refused at the door, by reason (loop, invalid, unknown-key, …). */
  readonly refused: Readonly<Record<string, number>>;
  readonly retained: number;
  readonly bytes: number;
  readonly incidents: Readonly<Record<IncidentState, number>>;
  readonly queues: readonly RecipientQueue[];
}

export interface Retention {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export interface Store {
  /** Store, route and enqueue: all of the batch or nothing. One receipt a message, in order. */
  accept(batch: readonly Arrival[]): Promise<readonly Receipt[]>;
  /** Count refusals at the door. */
  refused(reason: string, count: number): Promise<void>;
  /** Called after each commit that may have made something due, with the recipients' names. Returns how to stop. */
  onDue(listener: (recipients: readonly string[]) => void): () => void;

  /** Which recipients exist, so that others with pairs become `held(removed)`, and come back when they do. */
  nameRecipients(names: readonly string[], now: number): Promise<void>;
  queues(now: number): Promise<readonly RecipientQueue[]>;
  /** One queue, without counting it all: `due` is exact up to 1,000; when the next is due, how old the oldest is, why it is held. */
  queue(recipient: string, now: number): Promise<RecipientQueue>;
  /** The most urgent due pairs, leased; for a machine the oldest, in the order of acceptance. Undefined when none is due. */
  claim(recipient: string, wish: ClaimWish): Promise<Claim | undefined>;
  /** All due and waiting pairs of a recipient as one digest, leased. */
  claimDigest(recipient: string, now: number): Promise<DigestClaim | undefined>;
  finish(call: Finish): Promise<void>;
  /** Claims whose call never came to an end are due again, uncertain. At the start, and when a sender fails. */
  abandon(claims?: readonly number[]): Promise<number>;
  /** Pending pairs and those to come are held until `resume`; leased ones by their fate. */
  hold(recipient: string, reason: string, now: number): Promise<void>;
  resume(recipient: string, now: number): Promise<number>;
  /** Pending and held pairs older than `before` go to another recipient: theirs are suppressed(fallback). How many. */
  fallBack(recipient: string, to: string, before: number, now: number): Promise<number>;
  /** Pending pairs older than `before` are dead. How many. */
  giveUp(recipient: string, before: number, reason: string, now: number): Promise<number>;
  /** Open, unacknowledged incidents whose escalation is due: their gravest message to the recipient named. How many. */
  escalate(now: number): Promise<number>;
  limits(): Promise<readonly LimitState[]>;
  storms(): Promise<readonly StormState[]>;
  setStorm(storm: StormState): Promise<void>;
  endStorm(recipient: string): Promise<void>;
  dead(wish: { readonly recipient?: string; readonly limit: number }): Promise<readonly PairRecord[]>;
  /** Dead pairs are due again: all of a recipient, or one. How many. */
  redrive(wish: DeadWish): Promise<number>;
  /** Dead pairs that somebody has seen are suppressed(dismissed). How many. */
  dismiss(wish: DeadWish): Promise<number>;

  incidents(wish: {
    readonly state?: IncidentState;
    readonly limit: number;
    readonly before?: number;
  }): Promise<readonly Incident[]>;
  incident(id: number): Promise<Incident | undefined>;
  /** Rejects with NOT_FOUND when there is none of that number. */
  setIncident(id: number, change: IncidentChange, by: string, now: number): Promise<Incident>;
  /** Incidents silent for longer than their window are closed. How many. */
  closeSilent(now: number): Promise<number>;

  message(idOrSeq: string | number): Promise<MessageRecord | undefined>;
  messagesOf(incident: number, limit: number): Promise<readonly MessageRecord[]>;
  pairs(seq: number): Promise<readonly PairRecord[]>;
  /** Calls that bore this tag (`#k3f9`), newest first; others may bear the same. */
  notifications(
    tag: string,
    wish: { readonly limit: number; readonly seqs: number },
  ): Promise<readonly NotificationRecord[]>;
  search(wish: SearchWish): Promise<readonly MessageRecord[]>;
  analyzers(): Promise<readonly AnalyzerRecord[]>;

  silences(): Promise<readonly Silence[]>;
  addSilence(silence: Omit<Silence, 'id'>): Promise<Silence>;
  expireSilence(id: number, by: string, now: number): Promise<boolean>;

  /** Endpoints, recipients, source switches made by operators. */
  settings(kind: SettingKind): Promise<readonly NamedSetting[]>;
  /** All of it or nothing. What is to go and is not there is no fault. */
  changeSettings(change: SettingsChange): Promise<void>;

  users(): Promise<readonly User[]>;
  putUser(user: User): Promise<void>;
  removeUser(name: string): Promise<boolean>;
  keys(): Promise<readonly ApiKey[]>;
  /** By SHA-256 of the key; marks it used (to the minute). */
  findKey(hash: Buffer, now: number): Promise<ApiKey | undefined>;
  /** @param replaced another one, which ends then */
  addKey(
    key: Omit<ApiKey, 'id'>,
    replaced?: { readonly id: number; readonly revokedAt: number },
  ): Promise<ApiKey>;
  changeKey(id: number, change: KeyChange): Promise<boolean>;

  /** Each loaded configuration is kept. Returns whether it is new. */
  keepConfig(version: ConfigVersion): Promise<boolean>;
  /** Append to the hash-chained log. */
  audit(note: AuditNote): Promise<AuditEntry>;
  /** An operator's change and its entry in the log, in one transaction: none where nothing was changed, one for each part of a change. */
  audited<V extends AuditedVerb>(
    note: ChangeNote,
    verb: V,
    ...args: Parameters<Store[V]>
  ): ReturnType<Store[V]>;
  /** In order after an entry; or the newest ones, newest first. */
  auditTrail(wish: {
    readonly after?: number;
    readonly newest?: true;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]>;
  /** Number of the first entry whose hash does not follow from the one before; undefined when the chain is whole. */
  verifyAudit(): Promise<number | undefined>;

  state(key: string): Promise<string | undefined>;
  setState(key: string, value: string): Promise<void>;
  stats(now: number): Promise<StoreStats>;
  /** A bounded part of what retention asks for: only messages all of whose pairs are terminal. True: call again when idle. */
  tidy(now: number, retention: Retention): Promise<boolean>;
  /** A consistent copy while running. */
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}
