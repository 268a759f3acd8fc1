/**
 * Syslog records over UDP, one a datagram (RFC 5426). Nobody confirms anything; a port that nobody listens on is noticed
 * where the network says so (ICMP), because the socket is connected. Datagrams go in bursts with pauses between, so that
 * a receiver's buffer is not run over.
 */

import { createSocket, type Socket } from 'node:dgram';

import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK, type Outcome } from '../../../../core/outcome.ts';
import { connectionFault } from '../../../../http/connection-fault.ts';
import { destinationCodes } from '../../../../http/peer.ts';
import type { SinkDeps } from '../../../model/sink.ts';
import { allowedAddresses, dialOutcome, type DialTarget } from '../dial.ts';
import { untilAbort } from '../turns.ts';
import type { SendRecords } from './syslog.ts';

export function sendDatagrams(
  target: DialTarget,
  { outbound, timers }: Pick<SinkDeps, 'outbound' | 'timers'>,
): SendRecords {
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      timers.after(ownSinkLimits.datagramPauseMs, resolve);
    });
  const send: SendRecords = async (records, signal) => {
    const outcomes: Outcome[] = [];
    let socket: Socket | undefined;
    try {
      const [address] = await allowedAddresses(target, outbound);
      if (address === undefined) throw new Error('no address');
      socket = createSocket(address.family === 4 ? 'udp4' : 'udp6');
      const failure = watch(socket);
      await connect(socket, target.port, address.address);
      for (const record of records) {
        signal.throwIfAborted();
        await sendOne(socket, record);
        failure.check();
        outcomes.push(OK);
        if (outcomes.length % ownSinkLimits.datagramBurst === 0) await pause();
      }
      // The network's answer to the last ones, where it comes at once.
      await pause();
      failure.check();
    } catch (error) {
      signal.throwIfAborted();
      const fault = connectionFault(
        error,
        { label: target.label, codes: destinationCodes },
        { certFile: '' },
      );
      const failed = dialOutcome(fault, target.label);
      // The one before may be the one that was refused.
      const sent = Math.max(0, outcomes.length - 1);
      return records.map((_, index) => (index < sent ? OK : failed));
    } finally {
      socket?.close();
    }
    return outcomes;
  };
  return async (records, signal) => await untilAbort(send(records, signal), signal);
}

function watch(socket: Socket): { check(): void } {
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure ??= error;
  });
  return {
    check: () => {
      if (failure !== undefined) throw failure;
    },
  };
}

function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.removeListener('error', reject);
      resolve();
    });
  });
}

function sendOne(socket: Socket, record: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(record, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
