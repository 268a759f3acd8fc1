/**
 * What the request handlers of this folder share: one HttpContext per listener, one Exchange per request. Types only; made by
 * https-sources.ts and http-app.ts.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Logger } from '../../../core/ports.ts';
import type { Pace } from '../../keys/pace.ts';
import type { SourcesConfig } from '../../model/config.ts';
import type { Channels, Door, KeyRing } from '../../model/ports.ts';
import type { WrapWorld } from '../wrap-text.ts';
import type { Answer } from './answer.ts';
import type { BodyBudget } from '../body-budget.ts';
import type { HttpConnection } from './connection.ts';
import type { HttpsCounts } from './counts.ts';
import type { NtopngNames } from './ntopng-names.ts';
import type { SourceRoles } from './roles.ts';

/** The sources that share the listener. */
export type HttpSource = 'idmef' | 'rest' | 'alertgateway' | 'ntopng' | 'alertresponder';

export type HttpSourcesConfig = Pick<SourcesConfig, 'https' | HttpSource>;

/** What a new configuration changes while the listener stays. */
export interface HttpSettings {
  readonly sources: HttpSourcesConfig;
  readonly roles: SourceRoles;
  readonly names: NtopngNames;
}

/** Sentences on what is wrong, lower case, no full stop; none is healthy. */
export type HealthProblems = readonly string[];

export interface HttpContext {
  /** In force. */
  readonly settings: HttpSettings;
  readonly door: Door;
  readonly keyRing: KeyRing;
  readonly channels: Channels;
  readonly world: WrapWorld;
  readonly log: Logger;
  readonly counts: HttpsCounts;
  /** Requests of a key; wrong keys of an address; log lines about them. */
  readonly pace: Pace;
  /** All bodies; and those whose sender is not yet known. */
  readonly bodies: BodyBudget;
  readonly unproven: BodyBudget;
  readonly metrics: () => Promise<string>;
  readonly health: () => Promise<HealthProblems>;
  readonly status: () => Promise<Readonly<Record<string, unknown>>>;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: HttpConnection;
  /** Of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Called when the answer is sent or lost. */
  readonly afterwards: (work: () => void) => void;
}

/** Undefined: the peer has gone, there is nobody to answer. */
export type Handler = (context: HttpContext, exchange: Exchange) => Promise<Answer | undefined> | Answer;
