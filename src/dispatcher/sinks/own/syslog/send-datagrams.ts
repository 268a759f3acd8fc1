/**
 * Syslog records over UDP, one a datagram (RFC 5426). Nobody confirms anything; a port that nobody listens on is noticed
 * where the network says so (ICMP), because the socket is connected. Of which datagram it speaks nobody knows: then none of the call
 * counts as sent. Datagrams go in bursts with pauses between, so that a receiver's buffer is not run over.
 */

import { createSocket, type Socket } from 'node:dgram';

import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK } from '../../../../core/outcome.ts';
import { untilAbort } from '../../../../core/until-abort.ts';
import { connectionFault } from '../../../../http/connection-fault.ts';
import { destinationCodes } from '../../../../http/peer.ts';
import type { SinkDeps } from '../../../model/sink.ts';
import { allowedAddresses, dialOutcome, type Address, type DialTarget } from '../dial.ts';
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
    let socket: Socket | undefined;
    try {
      socket = await connectAny(await allowedAddresses(target, outbound), target.port);
      const failure = watch(socket);
      for (const [index, record] of records.entries()) {
        signal.throwIfAborted();
        if (index > 0 && index % ownSinkLimits.datagramBurst === 0) await pause();
        await sendOne(socket, record);
        failure.check();
      }
      // The network's answer to the last ones, where it comes at once.
      await pause();
      failure.check();
      return records.map(() => OK);
    } catch (error) {
      signal.throwIfAborted();
      const fault = connectionFault(
        error,
        { label: target.label, codes: destinationCodes },
        { certFile: '' },
      );
      return records.map(() => dialOutcome(fault));
    } finally {
      socket?.close();
    }
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

/** The first address there is a way to; whether anybody listens there it does not tell. */
async function connectAny(addresses: readonly Address[], port: number): Promise<Socket> {
  let last: unknown = new Error('no address');
  for (const { address, family } of addresses) {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    try {
      await connect(socket, port, address);
      return socket;
    } catch (error) {
      socket.close();
      last = error;
    }
  }
  throw last;
}

/** By its events: a callback would be called for a failure too, and told of it in an argument the types do not know. */
function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject).once('connect', () => {
      socket.removeListener('error', reject);
      resolve();
    });
    socket.connect(port, address);
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
