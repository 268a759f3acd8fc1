/** Binding a listener of this folder, with an error that names address, port and the remedy. Called by every source. */

import type { EventEmitter } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

import { messageOf, RelayError, systemCode } from '../../../core/errors.ts';

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'that is no address of this host',
  EACCES: 'not permitted',
};

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'ss -lntup shows by whom; rsyslog and postfix hold 514 and 25 on many hosts: choose another port',
  EADDRNOTAVAIL: 'ip addr shows them',
  EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE',
};

/** Resolves once `start`ed and bound. Rejects with RelayError LISTEN. */
export async function bind(
  emitter: EventEmitter,
  at: { readonly source: string; readonly address: string; readonly port: number },
  start: (bound: () => void) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      const code = systemCode(error);
      const where = `${at.source}: cannot listen on ${at.address}, port ${at.port}`;
      const hint = HINTS[code];
      reject(
        new RelayError('LISTEN', `${where}: ${WORDS[code] ?? messageOf(error)}`, {
          cause: error,
          ...(hint === undefined ? {} : { hint }),
        }),
      );
    };
    emitter.once('error', fail);
    start(() => {
      emitter.off('error', fail);
      resolve();
    });
  });
}

/** Where a server listens. */
export function boundAddress(server: Pick<Server, 'address'>, source: string): AddressInfo {
  const bound = server.address();
  if (bound === null || typeof bound === 'string')
    throw new RelayError('BUG', `${source} listens on no port`);
  return bound;
}
