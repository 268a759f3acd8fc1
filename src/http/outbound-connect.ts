/**
 * A connection to whatever an endpoint names: resolved here, every address judged, the judged address dialled.
 *
 * Called by outbound-client.ts for each new connection. A name of which any address is refused is refused whole: one that
 * points inside and outside at once is a trick. What was judged is what the socket gets, so nothing is asked twice. Nothing comes from
 * the process environment. TLS is verified by connectVerified against the name, never the address.
 */

import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';

import { RelayError, messageOf, systemCode } from '../core/errors.ts';
import { outboundLimits } from '../core/limits.ts';
import { connectionFault } from './connection-fault.ts';
import { hostOf, type ClientTls, type Peer } from './peer.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { connectVerified } from './verified-connection.ts';

/** All addresses of a host name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface DialOptions {
  readonly tls: ClientTls;
  /** Why an address may not be dialled; undefined when it may. */
  readonly refusal: (address: string, port: number) => string | undefined;
  /** An HTTP proxy, for both schemes (CONNECT). */
  readonly proxy?: URL;
  /** As `refusal`, for the address of the proxy, which somebody else may have set; default the same. */
  readonly proxyRefusal?: DialOptions['refusal'];
  /** Through a proxy: resolve and judge the target here and ask the proxy for the address, not for the name. */
  readonly resolveForProxy: boolean;
  readonly resolve?: Resolve;
}

/** Rejects with a RelayError: FORBIDDEN by the policy, else one of the peer's codes. */
export async function dialOutbound(peer: Peer, options: DialOptions): Promise<Socket> {
  const { proxy, tls } = options;
  const timeoutMs = outboundLimits.connectMs;
  const secure = peer.url.protocol === 'https:';
  let socket: Socket;
  if (proxy === undefined) {
    socket = await dialHost(hostOf(peer.url), portOf(peer.url), peer, options);
  } else {
    const host = options.resolveForProxy
      ? bracketed((await judged(hostOf(peer.url), portOf(peer.url), peer, options))[0] ?? '')
      : peer.url.hostname;
    const { refusal, proxyRefusal = refusal } = options;
    const through = await dialHost(hostOf(proxy), portOf(proxy), peer, { ...options, refusal: proxyRefusal });
    socket = await openTunnel(proxy, peer, timeoutMs, {
      socket: through,
      target: `${host}:${portOf(peer.url)}`,
    });
  }
  return secure ? await connectVerified(peer, tls, { timeoutMs, tunnel: socket }) : socket;
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** The addresses of a host, all of them allowed. */
async function judged(
  host: string,
  port: number,
  peer: Peer,
  { resolve = resolveByName, refusal, tls }: DialOptions,
): Promise<readonly string[]> {
  let addresses: readonly string[];
  try {
    addresses = isIP(host) === 0 ? await resolve(host) : [host];
  } catch (error) {
    throw connectionFault(error, peer, tls);
  }
  for (const address of addresses) {
    const reason = refusal(address, port);
    if (reason !== undefined) {
      throw new RelayError('FORBIDDEN', `${peer.label} may not be dialled: ${reason}`, {
        fault: 'outbound-policy',
        hint: 'name it in the configuration file, or its network as outbound_allow',
      });
    }
  }
  return addresses.slice(0, outboundLimits.addresses);
}

async function resolveByName(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}

/** One address after the other; the last fault counts. */
async function dialHost(host: string, port: number, peer: Peer, options: DialOptions): Promise<Socket> {
  const addresses = await judged(host, port, peer, options);
  const patienceMs = outboundLimits.connectMs / Math.max(1, addresses.length);
  let fault: unknown = new RelayError(peer.codes.unreachable, `${peer.label} has no address`);
  for (const address of addresses) {
    try {
      return await dialAddress(address, port, patienceMs);
    } catch (error) {
      fault = error;
    }
  }
  throw connectionFault(fault, peer, options.tls);
}

function dialAddress(address: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect({ host: address, port, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error(`no connection to ${address}`), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const onError = (error: Error): void => {
      clearTimeout(timer);
      fail(systemCode(error) === '' ? new Error(messageOf(error), { cause: error }) : error);
    };
    socket.once('error', onError).once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', onError);
      done(socket);
    });
  });
}
