/**
 * Syslog datagrams (RFC 5426): each is one message.
 *
 * Made by syslog-source.ts. A datagram from a network not allowed is counted and never looked at; one that finds the queue full is lost
 * and counted (intake.ts). What the kernel drops before us is the kernel's count (`netstat -su`).
 */

import { createSocket, type RemoteInfo } from 'node:dgram';
import type { AddressInfo } from 'node:net';

import { messageOf } from '../../../../core/errors.ts';
import { syslogLimits } from '../../../../core/limits.ts';
import { plainAddress } from '../../../../core/network.ts';
import type { AllowFrom } from '../allow-from.ts';
import { bind } from '../bind.ts';
import type { LineDeps, LineSource } from '../deps.ts';
import type { Sayings } from '../sayings.ts';
import type { Intake } from './intake.ts';

export interface UdpDeps extends Pick<LineDeps, 'door' | 'log'> {
  readonly source: string;
  readonly address: string;
  readonly port: number;
  readonly allowed: AllowFrom;
  readonly sayings: Sayings;
  readonly intake: Intake;
}

export function createUdpListener(deps: UdpDeps): LineSource {
  const { source, address, port, allowed, intake, door, log, sayings } = deps;
  const socket = createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4',
    recvBufferSize: syslogLimits.receiveBufferBytes,
  });
  let bound = false;
  socket.on('message', (bytes: Buffer, sender: RemoteInfo) => {
    if (allowed.allows(sender.address)) {
      intake.offer({ bytes, origin: { source, address: plainAddress(sender.address) } });
    } else {
      door.refused('not-allowed');
      sayings.warn('not-allowed', `${source}: datagram refused: ${sender.address} is not in allow_from`);
    }
  });

  return {
    async listen(): Promise<AddressInfo> {
      await bind(socket, { source, address, port }, (done) => socket.bind({ address, port }, done));
      bound = true;
      socket.on('error', (error) =>
        log.warning(`${source}: ${messageOf(error)}`, { event: 'syslog-socket' }),
      );
      return socket.address();
    },
    async close() {
      if (!bound) return;
      bound = false;
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}
