/**
 * `https://…`: a receiver of IDMEF over HTTP. Ours gets batches that it takes whole or not at all; any other
 * gets one message per POST over pooled connections, because a SECEF gateway forwards message by message and
 * answers 500 after having forwarded some: in the dialect of such gateways, or, if told so, as the RFC has it.
 *
 * Called through destination.ts. Loads undici only when there is something to deliver. `Content-Type` is
 * exactly `text/xml` (a parameter is 415 at SECEF), bodies carry Content-Length, redirects are not followed.
 */

import { RelayError } from '../core/errors.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Clock } from '../core/ports.ts';
import type { GatewayPool } from '../http/gateway-pool.ts';
import { destinationCodes, type ClientTls, type Peer } from '../http/peer.ts';
import { deliverBatches } from './batch-delivery.ts';
import {
  destinationId,
  destinationLabel,
  reportAll,
  type Destination,
  type Parcel,
  type Report,
} from './destination.ts';
import { faultOutcome } from './exchange.ts';
import { forgetVerdict, receiverVerdict, type Memory, type ReceiverKind } from './receiver-verdict.ts';
import { deliverSingly } from './single-delivery.ts';
import { rfcForm, type Form } from './single-form.ts';

export type Dialect = 'auto' | 'secef' | 'rfc';

export interface GatewayOptions {
  /** Asked when the pool is opened, so that renewed certificates are taken up, */
  readonly tls: () => ClientTls;
  /** which it is anew for the next parcel when this has changed. */
  readonly tlsGeneration: () => number;
  readonly proxy?: URL;
  readonly idleMs: number;
  /** `auto` asks what the receiver is; the others ask nothing and send single messages in that form. */
  readonly dialect: Dialect;
  readonly memory: Memory;
  readonly clock: Clock;
  /** `profile=dmz1; sensor="dmz1.example"`: where the messages come from, for our own receivers. */
  readonly origin: () => Promise<string>;
}

export function createGateway(url: URL, options: GatewayOptions): Destination {
  const id = destinationId(url);
  const peer: Peer = { url, label: destinationLabel(url), codes: destinationCodes };
  let pool: GatewayPool | undefined;
  let openedAt = 0;
  let generation = 0;

  const close = async (): Promise<void> => {
    const closing = pool;
    pool = undefined;
    await closing?.close();
  };

  const open = async (): Promise<GatewayPool> => {
    const now = options.clock.monotonic();
    const current = generation === options.tlsGeneration() && now - openedAt < pollerLimits.sessionMs;
    if (pool !== undefined && current) return pool;
    await close();
    const { createGatewayPool } = await import('../http/gateway-pool.ts');
    openedAt = now;
    generation = options.tlsGeneration();
    pool = createGatewayPool(peer, options.tls(), {
      connections: pollerLimits.connections,
      idleMs: options.idleMs,
      answerBytes: pollerLimits.answerBytes,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    });
    return pool;
  };

  const kindOf = async (gateway: GatewayPool, signal: AbortSignal): Promise<ReceiverKind | Outcome> => {
    if (options.dialect !== 'auto') return 'single';
    try {
      return await receiverVerdict(id, gateway, options.memory, options.clock, signal);
    } catch (error) {
      return faultOutcome(error, signal, peer.label);
    }
  };

  const deliver = async (parcel: Parcel, report: Report, signal: AbortSignal): Promise<void> => {
    const gateway = await open().catch((error: unknown) => {
      // A certificate file that became unreadable since the start.
      if (error instanceof RelayError) return error;
      throw error;
    });
    if (gateway instanceof RelayError) {
      const { message: reason, hint } = gateway;
      reportAll(parcel, report, { kind: 'broken', reason, ...(hint === undefined ? {} : { hint }) });
      return;
    }
    const kind = await kindOf(gateway, signal);
    if (typeof kind === 'object') {
      reportAll(parcel, report, kind);
      if (kind.kind === 'broken') await close();
      return;
    }
    let broken = false;
    const watch: Report = (index, outcome) => {
      broken ||= outcome.kind === 'broken';
      report(index, outcome);
    };
    const send = { pool: gateway, clock: options.clock, label: peer.label, signal };
    if (kind === 'batches') await deliverBatches(parcel, await options.origin(), watch, send);
    else await deliverSingly(parcel, await formOf(options.dialect), watch, send);
    if (!broken) return;
    await forgetVerdict(id, options.memory);
    await close();
  };

  return { id, label: peer.label, deliver, close };
}

async function formOf(dialect: Dialect): Promise<Form> {
  return dialect === 'rfc' ? rfcForm : (await import('./secef-form.ts')).secefForm;
}
