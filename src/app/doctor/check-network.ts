/**
 * The way to a peer below TLS: its name has an address, and something there takes a TCP connection. Called by
 * check-profile.ts for each peer, or for the proxy in between.
 *
 * All addresses are tried side by side; one that answers is enough, as it is for the poller.
 */

import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';

import { systemCode } from '../../core/errors.ts';
import { connectionFault } from '../../http/connection-fault.ts';
import { hostOf, type Peer } from '../../http/peer.ts';
import type { Examination } from './examination.ts';
import { endpointText, portOf } from './far-side.ts';
import { within } from './within.ts';

/** Addresses of a host name. Rejects with a system error. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export async function systemResolve(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

interface NetworkQuestion {
  readonly peer: Peer;
  /** The peer's, or the proxy's. */
  readonly url: URL;
  readonly certFile: string;
  readonly stepMs: number;
  readonly resolve: Resolve;
}

/** Whether something takes connections there. */
export async function checkNetwork(exam: Examination, question: NetworkQuestion): Promise<boolean> {
  const addresses = await checkName(exam, question);
  return addresses !== undefined && (await checkConnection(exam, addresses, question));
}

async function checkName(
  exam: Examination,
  { peer, url, certFile, stepMs, resolve }: NetworkQuestion,
): Promise<readonly string[] | undefined> {
  const host = hostOf(url);
  if (isIP(host) !== 0) return [host];
  try {
    const addresses = await within(stepMs, resolve(host));
    if (addresses === undefined) throw Object.assign(new Error('late'), { code: 'EAI_AGAIN' });
    await exam.ok('name', `${host} is ${addresses.join(', ')}`);
    return addresses;
  } catch (error) {
    await exam.error('name', connectionFault(error, peer, { certFile }), 'name-unknown');
    return undefined;
  }
}

async function checkConnection(
  exam: Examination,
  addresses: readonly string[],
  { peer, url, certFile, stepMs }: NetworkQuestion,
): Promise<boolean> {
  const port = portOf(url);
  const attempts = await Promise.all(
    [...new Set(addresses)].map(async (address) => ({ address, error: await reach(address, port, stepMs) })),
  );
  const good = attempts.filter(({ error }) => error === undefined);
  const places = (some: readonly { readonly address: string }[]): string =>
    some.map(({ address }) => endpointText(address, port)).join(', ');
  if (good.length > 0) {
    const bad = attempts.filter(({ error }) => error !== undefined);
    const rest = bad.map(({ address, error }) => ` (${address}: ${systemCode(error)})`).join('');
    await exam.ok('connection', `${places(good)} takes connections${rest}`);
    return true;
  }
  const [first] = attempts;
  const error = connectionFault(first?.error, peer, { certFile });
  if (error.fault === 'connection-timeout') {
    const values = { peer: peer.label, address: places(attempts), port, seconds: stepMs / 1000 };
    await exam.find('connection', 'connection-timeout', values);
  } else {
    await exam.error('connection', error, 'connection-failed');
  }
  return false;
}

/** Undefined when the connection was taken. */
function reach(address: string, port: number, timeoutMs: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      socket.on('error', () => undefined).destroy();
      resolve(error);
    };
    const timer = setTimeout(
      () => finish(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
      timeoutMs,
    );
    socket.once('connect', () => finish()).once('error', finish);
  });
}
