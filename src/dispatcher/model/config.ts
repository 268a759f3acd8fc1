/**
 * The dispatcher's configuration, parsed once into a frozen value. Made by src/dispatcher/config from
 * `dispatcher.yml`, `dispatcher.d/*.yml` and what operators keep in the database.
 */

import type { TlsPolicy } from '../../core/settings.ts';
import type { Criteria } from '../../idmef/criteria/criteria.ts';
import type { Escalation } from './plan.ts';
import type { Endpoint, Recipient } from './recipient.ts';

export interface DispatcherConfig {
  /** SHA-256 hex of the files' text and the database's part. */
  readonly hash: string;
  /** All files, with secrets never in it (they are named by file). */
  readonly text: string;
  readonly endpoints: readonly Endpoint[];
  readonly recipients: readonly Recipient[];
  readonly route: RouteNode;
  readonly expect: readonly Expectation[];
  readonly sources: SourcesConfig;
  readonly retention: { readonly maxAgeMs: number; readonly maxBytes: number };
  /** Networks (CIDR) that endpoints of the database may reach though they are private. */
  readonly outboundAllow: readonly string[];
  /** Recipient that gets the head of the audit chain daily, and reports of the dispatcher's own troubles. */
  readonly reportTo?: string;
  /** Root-owned directory of own sinks. */
  readonly modulesDir?: string;
  /** Catalogues `bot.xx.yml` added to en and es. */
  readonly localesDir?: string;
  /** Name of this place in mails and reports; default the host's name. */
  readonly instance: string;
}

/** A weekly window in a zone: `mon-fri 08:00-18:00`. */
export interface TimeWindow {
  /** 0 Sunday … 6 Saturday. */
  readonly days: readonly number[];
  /** Minutes of the day; `to` beyond 1440 reaches into the next day. */
  readonly from: number;
  readonly to: number;
}

export interface TimeInterval {
  readonly name: string;
  readonly timeZone: string;
  readonly windows: readonly TimeWindow[];
}

/**
 * A node of the routing tree. A message enters at the root; among the children of a node the first match takes it, and further ones
 * only while `continue` holds. Recipients of all nodes on the way get it: `to` adds up, unless `inherit` is false. What is not
 * given (group_by, waits, repeat, windows, threshold, escalation) comes from the parent; it is filled in here already.
 */
export interface RouteNode {
  /** `route`, `route.routes[0].routes[2]`. */
  readonly path: string;
  readonly when?: Criteria;
  readonly to: readonly string[];
  /** False: recipients of the nodes above do not get it. */
  readonly inherit: boolean;
  readonly continue: boolean;
  readonly groupBy: readonly string[];
  /** For others than high ones, which wait for nothing. */
  readonly groupWaitMs: number;
  /** The incident's sliding window. */
  readonly windowMs: number;
  readonly repeatMs: number;
  readonly repeatMaxMs: number;
  readonly threshold?: {
    readonly paths: readonly string[];
    readonly seconds: number;
    readonly limit?: number;
    readonly count?: number;
  };
  readonly escalate: readonly Escalation[];
  /** People are told only within one of these; empty: always. */
  readonly active: readonly TimeInterval[];
  /** People are not told within any of these. */
  readonly mute: readonly TimeInterval[];
  readonly routes: readonly RouteNode[];
}

/** One incident when somebody has not been heard of for so long; closed by the next sign of life. */
export interface Expectation {
  readonly name: string;
  /** The name in a sensor's certificate; where its poller knows none, the poller's profile. */
  readonly sensor?: string;
  /** analyzerid, of any origin. */
  readonly analyzer?: string;
  readonly withinMs: number;
  readonly severity: 'low' | 'medium' | 'high';
}

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly crl?: string;
}

export interface SourcesConfig {
  /** HTTPS on 4848: IDMEF, REST and the compatible calls share it. Undefined: none of them runs. */
  readonly https?: ListenAddress & {
    readonly tls: TlsFiles;
    readonly tlsPolicy: TlsPolicy;
    /** Names (`DNS:…`) of certificates that may post IDMEF with an origin. */
    readonly allowRelay: readonly string[];
    /** Certificates that may post IDMEF without one; `*`: all of the authority. */
    readonly allowProducer: readonly string[];
    readonly allowMonitor: readonly string[];
  };
  readonly idmef?: { readonly mode: 'strict' | 'lenient' };
  readonly rest?: KeyedSource;
  readonly alertgateway?: KeyedSource;
  readonly ntopng?: KeyedSource & {
    /** id → name tables of the site, beside the built-in ones. */
    readonly names?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  readonly alertresponder?: KeyedSource;
  /** Plain HTTP, own listener. */
  readonly secarc?: ListenAddress & { readonly allowFrom: readonly string[] };
  readonly smtp?: ListenAddress & {
    /** Without: no STARTTLS, and then `allowFrom` is mandatory. */
    readonly tls?: TlsFiles;
    readonly requireTls: boolean;
    readonly allowFrom: readonly string[];
    readonly maxBytes: number;
  };
  readonly syslog: readonly (ListenAddress & {
    readonly name: string;
    readonly transport: 'udp' | 'tcp' | 'tls';
    readonly tls?: TlsFiles;
    readonly allowFrom: readonly string[];
    /** Only datagrams of the `|ALERTGW|` form are taken; else everything is an alert. */
    readonly keyedOnly: boolean;
  })[];
  readonly feeds: readonly { readonly name: string; readonly url: string; readonly everyMs: number }[];
}

export interface KeyedSource {
  /** Requests a minute of one key; beyond it 429. */
  readonly ratePerMinute: number;
}
