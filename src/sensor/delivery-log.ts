/**
 * "Who read what": one line per delivered batch, with peer, certificate, range and how we know that it
 * arrived. Called by the handlers of this folder; `notice`, so that it is there without any flag.
 */

import type { LogFields, Logger } from '../core/ports.ts';
import { severityNames } from '../core/severity.ts';
import type { Connection } from './context.ts';
import type { LeaseFacts } from './leases.ts';

export interface Delivery extends LeaseFacts {
  /** Id of the journal. */
  readonly journal: string;
  readonly messages: number;
  readonly bytes: number;
  /** First and last sequence number. */
  readonly first: number;
  readonly last: number;
  /** `ack`: DELETE of the lease. `end`, `request`: implicit (receipt.ts). `peek`: read, nothing settled. */
  readonly receipt: 'ack' | 'end' | 'request' | 'peek';
}

const RECEIPT_WORDS = {
  ack: 'acknowledged',
  end: 'received, connection closed',
  request: 'received, next request came',
  peek: 'only looked at',
} as const;

export function logDelivery(logger: Logger, connection: Connection, delivery: Delivery): void {
  const { journal, messages, bytes, first, last, receipt, encoding, minSeverity } = delivery;
  const lane = minSeverity === undefined ? undefined : severityNames[minSeverity];
  const how = `${encoding === undefined ? '' : `, ${encoding}`}${lane === undefined ? '' : `, ${lane} and above`}`;
  logger.notice(
    `${connection.peer.name}: ${messages} messages (${journal} ${first}-${last}, ${bytes} bytes${how}) ${RECEIPT_WORDS[receipt]}`,
    {
      event: 'delivered',
      ...factsOf(connection, delivery),
      receipt,
      ...(encoding === undefined ? {} : { encoding }),
      ...(lane === undefined ? {} : { minSeverity: lane }),
    },
  );
}

/** An answer that nobody is known to have received. */
export function logUndelivered(
  logger: Logger,
  connection: Connection,
  delivery: Omit<Delivery, 'receipt'>,
): void {
  const { journal, messages, first, last } = delivery;
  logger.notice(
    `${connection.peer.name}: ${messages} messages (${journal} ${first}-${last}) without sign of receipt: due again`,
    { event: 'undelivered', ...factsOf(connection, delivery) },
  );
}

function factsOf(
  { peer, address }: Connection,
  { journal, first, last, messages, bytes }: Omit<Delivery, 'receipt'>,
): LogFields {
  return { peer: peer.name, serial: peer.serial, address, journal, first, last, messages, bytes };
}

/** First and last number of `17-512,514`; zeros for an empty list. */
export function sequenceRange(sequences: string): { readonly first: number; readonly last: number } {
  return { first: Number.parseInt(sequences, 10) || 0, last: Number(/\d+$/.exec(sequences)?.[0] ?? 0) };
}
