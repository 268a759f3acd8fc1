/**
 * Binds a server to an address and port, with errors that name both and the remedy. Called by the servers of src/sensor and
 * src/dispatcher.
 */

import type { AddressInfo, Server } from 'node:net';
import { messageOf, RelayError, systemCode } from '../core/errors.ts';

/** '' is every address of both families (IPv4 alone where the kernel has no IPv6). Throws RelayError LISTEN. */
export async function listen(server: Server, address: string, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => reject(refusal(error, address, port));
    server.once('error', fail);
    server.listen({ port, ...(address === '' ? {} : { host: address }) }, () => {
      server.off('error', fail);
      resolve();
    });
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') {
    throw new RelayError('BUG', 'the server listens on no port');
  }
  return bound;
}

/** `https://127.0.0.1:3128/`, `https://[::1]:3128/`. */
export function urlOf({ address, port, family }: AddressInfo): string {
  return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}/`;
}

function refusal(error: Error, address: string, port: number): RelayError {
  const where = `cannot listen on ${address === '' ? 'any address' : address}, port ${port}`;
  const [reason, hint] = explain(systemCode(error), address, port);
  return new RelayError('LISTEN', `${where}: ${reason === '' ? messageOf(error) : reason}`, {
    cause: error,
    ...(hint === '' ? {} : { hint }),
  });
}

function explain(code: string, address: string, port: number): readonly [string, string] {
  switch (code) {
    case 'EADDRINUSE':
      return [
        'the port is in use',
        `ss -ltnp 'sport = :${port}' shows by whom; stop it, or choose another --port`,
      ];
    case 'EADDRNOTAVAIL':
      return [
        `${address} is no address of this host`,
        'ip addr shows them; leave --address out to listen on all',
      ];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [`${address} has no address`, 'give an IP address'];
    case 'EACCES':
      return ['not permitted', port < 1024 ? 'ports below 1024 need CAP_NET_BIND_SERVICE' : ''];
    case 'EAFNOSUPPORT':
      return [`this host does not speak the family of ${address}`, ''];
    default:
      return ['', ''];
  }
}
