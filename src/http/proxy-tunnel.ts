/**
 * Opens a tunnel through an HTTP proxy (CONNECT, RFC 9110 §9.3.6) for `--proxy` and for endpoints with a `proxy`.
 *
 * Called by gateway-pool.ts and outbound-connect.ts; the TLS inside the tunnel is still verified end to end, so the proxy
 * sees host and port only. The proxy comes from the configuration, never from the environment.
 */

import { request } from 'node:http';
import type { Socket } from 'node:net';

import { RelayError, messageOf, systemCode } from '../core/errors.ts';
import { hostOf, type Peer } from './peer.ts';

interface TunnelOptions {
  /** A connection to the proxy, instead of one of our own to its name. */
  readonly socket?: Socket;
  /** `HOST:PORT` asked for, instead of the peer's. */
  readonly target?: string;
}

/** Rejects with a RelayError of the peer's code for unreachable, naming the proxy. */
export function openTunnel(
  proxy: URL,
  peer: Peer,
  timeoutMs: number,
  options: TunnelOptions = {},
): Promise<Socket> {
  const port = peer.url.port === '' ? '443' : peer.url.port;
  const target = options.target ?? `${peer.url.hostname}:${port}`;
  const { socket: dialled } = options;
  const fail = (text: string, cause?: unknown): RelayError =>
    new RelayError(peer.codes.unreachable, `${peer.label}: proxy ${proxy.protocol}//${proxy.host} ${text}`, {
      fault: 'proxy',
      hint: 'check --proxy',
      cause,
    });
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: hostOf(proxy),
      port: proxy.port === '' ? 80 : Number(proxy.port),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization(proxy) },
      agent: false,
      timeout: timeoutMs,
      ...(dialled === undefined ? {} : { createConnection: () => dialled }),
    });
    outgoing
      .once('timeout', () => outgoing.destroy(fail(`was silent for ${timeoutMs / 1000} s`)))
      .once('error', (error) => {
        const code = systemCode(error);
        reject(
          error instanceof RelayError
            ? error
            : fail(`failed (${code === '' ? messageOf(error) : code})`, error),
        );
      })
      .once('response', (incoming) => {
        incoming.destroy();
        reject(fail(`answered ${incoming.statusCode ?? 0} instead of opening a tunnel`));
      })
      .once('connect', (incoming, socket: Socket) => {
        const status = incoming.statusCode ?? 0;
        if (status >= 200 && status < 300) {
          socket.setTimeout(0);
          resolve(socket);
          return;
        }
        socket.destroy();
        reject(fail(`refuses the tunnel to ${target} (${status})`));
      })
      .end();
  });
}

function authorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
