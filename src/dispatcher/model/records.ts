/** What operators make and the store keeps: silences, users, API keys, endpoints and recipients of the database, the audit log. */

import type { Provenance } from './recipient.ts';

export interface Silence {
  readonly id: number;
  /** Prelude's IDMEF criteria, as written. */
  readonly criteria: string;
  /** Only for messages of this sensor, by the name in its certificate or its poller's profile; undefined for all. */
  readonly sensor?: string;
  /** Only towards this recipient; undefined for all people. */
  readonly recipient?: string;
  readonly author: string;
  readonly reason: string;
  readonly from: number;
  /** Mandatory; at most 30 days after `from`. */
  readonly until: number;
  readonly expiredBy?: string;
}

/** Kept for log-in. Neither commands nor keys ask for it: who may open the control socket may do everything. */
export type UserRole = 'viewer' | 'responder' | 'admin';

export interface User {
  readonly name: string;
  readonly role: UserRole;
  /** `scrypt$…`, or `bcrypt` as imported (`$2b$…`); undefined: cannot log in. */
  readonly passwordHash?: string;
  readonly createdAt: number;
  readonly disabled?: true;
}

/** `ingest`: to post; `read`: to see the status. */
export type KeyScope = 'ingest' | 'read';

export interface ApiKey {
  readonly id: number;
  /** SHA-256 of the key. The key itself is shown once and never kept. */
  readonly hash: Buffer;
  /** First characters, to tell keys apart. */
  readonly prefix: string;
  readonly owner: string;
  readonly scopes: readonly KeyScope[];
  /** Recipients it may post to; undefined: all of its owner. */
  readonly channels?: readonly string[];
  readonly createdAt: number;
  readonly expiresAt?: number;
  /** It opens nothing from then on: ahead while a rotated key has its grace. */
  readonly revokedAt?: number;
  readonly lastUsedAt?: number;
}

export interface KeyChange {
  readonly revokedAt?: number;
  readonly scopes?: readonly KeyScope[];
}

/** A configuration as it was loaded. */
export interface ConfigVersion {
  readonly hash: string;
  readonly text: string;
  readonly at: number;
  readonly provenance: Provenance;
}

export type SettingKind = 'endpoint' | 'recipient' | 'source';

/** An endpoint, recipient or source switch of the database: the same keys as in the YAML file, as JSON. */
export interface NamedSetting {
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Of settings of any kinds, by an operator. */
export interface SettingsChange {
  readonly put: readonly (NamedSetting & { readonly kind: SettingKind })[];
  readonly remove: readonly { readonly kind: SettingKind; readonly name: string }[];
}

/** What is to be written into the audit log. */
export interface AuditNote {
  readonly at: number;
  /** `cli:root`, `key:3 (ana)`, `system`. */
  readonly by: string;
  /** `silence.add`, `key.revoke`, `config.load`, … */
  readonly what: string;
  readonly detail: string;
}

/** About a change that is made with it. */
export interface ChangeNote extends AuditNote {
  /** The number of what is made, or how many are moved, which only the store knows, goes in front of the detail. */
  readonly numbered?: true;
}

/** Changes that operators make: the verbs of the store that write one down. */
export type AuditedVerb =
  | 'hold'
  | 'resume'
  | 'fallBack'
  | 'redrive'
  | 'dismiss'
  | 'setIncident'
  | 'addSilence'
  | 'expireSilence'
  | 'changeSettings'
  | 'putUser'
  | 'removeUser'
  | 'addKey'
  | 'changeKey'
  | 'setState';

export interface AuditEntry extends AuditNote {
  readonly id: number;
  /** Hex SHA-256 over the previous entry's hash and this entry. */
  readonly hash: string;
}
