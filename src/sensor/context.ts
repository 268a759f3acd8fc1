/**
 * What the request handlers of this folder share: one SensorContext per server, one Exchange per request.
 * Types only; made by server.ts.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Logger } from '../core/ports.ts';
import type { DocumentVerdict } from '../idmef/verdict.ts';
import type { Journal } from '../journal/journal.ts';
import type { PeerIdentity } from '../tls/peer.ts';
import type { Rights } from '../tls/roles.ts';
import type { MetricFamily } from '../log/exposition.ts';
import type { DiskReserve } from '../os/disk-reserve.ts';
import type { Ahead } from './ahead.ts';
import type { BufferBin } from './buffer-bin.ts';
import type { Counts } from './counts.ts';
import type { Leases } from './leases.ts';
import type { ReceiptWatch } from './receipt.ts';
import type { SensorSnapshot } from './snapshot.ts';
import type { Streams } from './streams.ts';

/** Gauges of the spool intake, part of every answer. */
export interface SensorStatus {
  /** Files that cannot be read, moved or removed. */
  readonly stuck: number;
  /** Files set aside as damaged. */
  readonly corrupt: number;
  /** Files not yet decided. */
  readonly waiting: number;
  /** Why nothing is taken at present. */
  readonly paused?: string;
  /** Old files removed from `--movedir`. */
  readonly removed?: number;
}

/** What role monitor is shown. */
export interface Monitor {
  snapshot(): Promise<SensorSnapshot>;
  /** Families of others, shown as they are. */
  gauges(): readonly MetricFamily[];
}

export interface SensorContext {
  readonly journal: Journal;
  readonly leases: Leases;
  readonly ahead: Ahead;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `--delete` or `--movedir`: plain answers consume. */
  readonly consuming: boolean;
  /** Messages in one answer at most. */
  readonly maxBatchSize: number | undefined;
  readonly hasProducers: boolean;
  /** Shown to a monitor that is no consumer itself. */
  readonly firstConsumer: string;
  status(): SensorStatus;
  /** Parses a producer's document. */
  readDocument(bytes: Uint8Array): DocumentVerdict;
  /** Aborted when the server drains: whoever waits goes home. */
  readonly draining: AbortSignal;
  /** Bytes of producers' bodies being received. */
  readonly bodyBudget: BodyBudget;
  /** Where sent chunks go. */
  readonly bufferBin: BufferBin;
  /** Answers held until a message is due. */
  readonly waiting: Set<ServerResponse>;
  readonly streams: Streams;
  readonly counts: Counts;
  readonly monitor: Monitor;
  /** Of the journal's filesystem; undefined when nobody knows. */
  disk(): Promise<DiskReserve | undefined>;
}

export interface BodyBudget {
  inFlight: number;
}

/** The connection a request came on. */
export interface Connection {
  readonly peer: PeerIdentity;
  readonly rights: Rights;
  /** The journal's consumer it polls for; undefined when consumers are named and it is none of them. */
  readonly consumer: string | undefined;
  /** `192.0.2.1:50432`, for logs. */
  readonly address: string;
  readonly receipts: ReceiptWatch;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
}
