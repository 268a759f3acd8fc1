/**
 * Syslog records over TCP or TLS: one connection a call, RFC 6587 framing.
 *
 * A TCP connection confirms nothing to the program: bytes the system has taken are lost when the receiver dies. So the
 * connection is ended after the last record and the receiver's own end waited for: it comes after it has read everything before
 * ours (`close`; close-receipt.ts has the proof). A receiver that ends early, resets or falls silent has confirmed nothing, and all is sent
 * again: a duplicate beats a miss. With `flush` a record is sent when the system has taken it, and what it has not taken is due again.
 */

import type { Socket } from 'node:net';

import { RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK, type Outcome } from '../../../../core/outcome.ts';
import { connectionFault } from '../../../../http/connection-fault.ts';
import { destinationCodes } from '../../../../http/peer.ts';
import type { OutboundPolicy } from '../../../model/sink.ts';
import { dial, dialOutcome, secure, type DialTarget } from '../dial.ts';
import type { TlsFileNames } from '../params.ts';
import { closeReceipt } from './close-receipt.ts';
import type { SendRecords } from './syslog.ts';

interface StreamOptions {
  readonly target: DialTarget;
  readonly framing: 'octet-counting' | 'lf';
  readonly receipt: 'close' | 'flush';
  readonly outbound: OutboundPolicy;
  /** With: TLS. */
  readonly files?: TlsFileNames;
}

export function sendStream(options: StreamOptions): SendRecords {
  const { target, outbound, files, receipt } = options;
  return async (records, signal) => {
    const all = (outcome: Outcome): Outcome[] => records.map(() => outcome);
    const how = { outbound, timeoutMs: ownSinkLimits.syslogConnectMs, signal };
    try {
      const plain = await dial(target, how);
      const closing = receipt === 'close' ? closeReceipt(plain) : undefined;
      const socket = files === undefined ? plain : await secure(plain, target, files, how);
      const { taken, fault } = await write(socket, records, options, signal);
      if (fault === undefined)
        return all((await closing?.isProof()) === false ? dialOutcome(unproven(target)) : OK);
      const failed = dialOutcome(fault);
      return receipt === 'close' ? all(failed) : records.map((_, index) => (index < taken ? OK : failed));
    } catch (error) {
      signal.throwIfAborted();
      return all(dialOutcome(error));
    }
  };
}

interface Written {
  /** Records the system has taken, from the first on. */
  readonly taken: number;
  readonly fault?: RelayError;
}

function write(
  socket: Socket,
  records: readonly Buffer[],
  { target, framing, receipt, files }: StreamOptions,
  signal: AbortSignal,
): Promise<Written> {
  return new Promise((resolve, reject) => {
    let taken = 0;
    let finished = false;
    const done = (result: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.removeListener('close', closed).removeListener('error', failed);
      socket.on('error', () => undefined);
      result();
    };
    const end = (fault?: RelayError): void => {
      done(() => resolve({ taken, ...(fault === undefined ? {} : { fault }) }));
      if (fault !== undefined) socket.destroy();
    };
    const failed = (error: Error): void =>
      end(
        connectionFault(
          error,
          { label: target.label, codes: destinationCodes },
          { certFile: files?.certFile ?? '' },
        ),
      );
    const closed = (): void => end(finished ? undefined : early(target));
    const abort = (): void => {
      done(() => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')));
      socket.destroy();
    };
    const timer = setTimeout(() => end(late(target)), ownSinkLimits.syslogReceiptMs);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', failed).once('close', closed);
    socket.once('finish', () => {
      finished = true;
      if (receipt === 'close') return;
      end();
      leave(socket);
    });
    // Nothing is expected; without reading its end would not be seen either. Ending before ours is its "no".
    socket.once('end', () => {
      if (!finished) end(early(target));
    });
    socket.resume();
    socket.cork();
    for (const record of records) {
      socket.write(frame(record, framing), (error) => {
        if (error === null || error === undefined) taken += 1;
      });
    }
    socket.uncork();
    socket.end();
  });
}

/**
 * What the system has taken it sends by itself, but not after a reset, which is what a closed socket answers to anything that still
 * comes (TLS 1.3 sends tickets after the handshake). So it is read on until the receiver ends, or for a while.
 */
function leave(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), ownSinkLimits.syslogReceiptMs).unref();
  socket.unref().once('close', () => clearTimeout(timer));
}

function unproven({ label }: DialTarget): RelayError {
  return new RelayError(
    'DESTINATION_UNREACHABLE',
    `${label} closed the connection, and nothing proves that it had read everything`,
    { hint: 'where something between us closes connections: receipt: flush' },
  );
}

function early({ label }: DialTarget): RelayError {
  return new RelayError(
    'DESTINATION_UNREACHABLE',
    `${label} closed the connection before it had read everything`,
  );
}

function late({ label }: DialTarget): RelayError {
  return new RelayError('DESTINATION_UNREACHABLE', `${label} did not close the connection after us`, {
    hint: 'a receiver that never does needs receipt: flush',
  });
}

function frame(record: Buffer, framing: StreamOptions['framing']): Buffer {
  return framing === 'lf'
    ? Buffer.concat([record, Buffer.from('\n')])
    : Buffer.concat([Buffer.from(`${record.length} `), record]);
}
