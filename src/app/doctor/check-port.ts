/**
 * The port of reverse-server: free, ours, or somebody else's. Called by check-server.ts.
 *
 * A server that listens is dialled with its own certificate, the only one there is on this host. It may refuse that
 * for a client's; the certificate it shows tells whether it is ours all the same.
 */

import { createServer } from 'node:net';
import { createSecureContext } from 'node:tls';

import { RelayError } from '../../core/errors.ts';
import { doctorLimits } from '../../core/limits.ts';
import { listen } from '../../os/listen.ts';
import { createTcpTable } from '../../os/proc-net.ts';
import type { Credentials } from '../../tls/credentials.ts';
import type { ReverseServerConfig } from '../reverse-server-config.ts';
import type { Examination } from './examination.ts';
import { greetingOf } from './greeting.ts';
import { lookAtTls } from './tls-look.ts';
import { dayText } from './words.ts';

type PortSettings = Pick<ReverseServerConfig, 'address' | 'port' | 'tls'>;

/** `credentials` undefined: the files are the fault, so it cannot be told whose server it is. */
export async function checkPort(
  exam: Examination,
  { address, port, tls }: PortSettings,
  credentials: Credentials | undefined,
): Promise<void> {
  if (port === 0) {
    await exam.ok('port', 'any free one');
  } else if (await isFree(exam, address, port)) {
    await exam.find('port', 'server-down', { port });
  } else if (credentials !== undefined && exam.faults() === 0) {
    await checkListener(exam, { host: hostOf(address), port, certFile: tls.certFile }, credentials);
  }
}

/** Any address is dialled as loopback. */
function hostOf(address: string): string {
  if (address === '' || address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}

/** Tried by listening there for a moment, unless the kernel shows a listener already. */
async function isFree(exam: Examination, address: string, port: number): Promise<boolean> {
  if (createTcpTable().showsListener(port)) return false;
  const server = createServer();
  try {
    await listen(server, address, port);
    return true;
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    if (/in use/.test(error.message)) return false;
    await exam.find('port', 'listen-refused', { port, said: error.message, hint: error.hint ?? '' });
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function checkListener(
  exam: Examination,
  { host, port, certFile }: { readonly host: string; readonly port: number; readonly certFile: string },
  { cert, key, ca, certificate }: Credentials,
): Promise<void> {
  const context = createSecureContext({ cert, key, ca: [...ca] });
  const look = await lookAtTls({
    host,
    port,
    name: host,
    context,
    timeoutMs: doctorLimits.stepMs,
    settleMs: 0,
  });
  const [shown] = look.chain;
  if (!look.done || shown === undefined) {
    const { text } = await greetingOf(host, port);
    const said = look.silent ? 'it takes connections and says nothing' : `without TLS it says ${text}`;
    await exam.find('port', 'port-taken', { port, said });
  } else if (shown.fingerprint256 === certificate.fingerprint256) {
    await exam.ok(
      'port',
      `${port}: reverse-server listens, with the certificate of ${certFile} (${look.version})`,
    );
  } else if (shown.issuer === certificate.issuer && shown.subject === certificate.subject) {
    const until = dayText(Date.parse(shown.validTo));
    await exam.find('port', 'certificate-not-loaded', { until, cert: certFile });
  } else {
    const subject = shown.subject.replaceAll('\n', ', ');
    await exam.find('port', 'port-taken', { port, said: `it shows a certificate of ${subject || 'nobody'}` });
  }
}
