/**
 * The TLS handshake with a peer: done, or the one reason why not. Called by check-profile.ts once something takes
 * connections there; returns whether an exchange over HTTP makes sense.
 *
 * A handshake that fails is followed by others that single the reason out: each version alone, the peer's greeting
 * without TLS. Certificates are judged in check-peer-certificate.ts, a refusal of ours in own-certificate.ts.
 */

import { systemCode } from '../../core/errors.ts';
import { connectionFault, refusalOf } from '../../http/connection-fault.ts';
import { hostOf } from '../../http/peer.ts';
import { findPeerCertificate } from './check-peer-certificate.ts';
import type { Examination } from './examination.ts';
import { endpointText, nameOf, portOf, type FarSide } from './far-side.ts';
import { greetingOf } from './greeting.ts';
import { findRefusal } from './own-certificate.ts';
import { lookAtTls, type TlsLook, type TlsTarget } from './tls-look.ts';
import { spokenVersions, type SpokenVersion } from './tls-versions.ts';
import { doctorLimits } from '../../core/limits.ts';

export async function checkHandshake(exam: Examination, side: FarSide): Promise<boolean> {
  const target = await targetOf(side);
  const look = await lookAtTls({ ...target, context: side.tls.secureContext });
  if (!look.done) {
    await findFailure(exam, side, look);
    return false;
  }
  await exam.ok('tls', `${look.version}, ${look.cipher}`);
  if (!(await findPeerCertificate(exam, side, look))) return false;
  if (look.error === undefined && !look.ended) return true;
  await findRefusal(exam, side, look);
  return false;
}

async function targetOf(side: FarSide): Promise<Omit<TlsTarget, 'context'>> {
  const { url } = side.peer;
  return {
    host: hostOf(url),
    port: portOf(url),
    name: nameOf(side),
    timeoutMs: side.stepMs,
    settleMs: doctorLimits.settleMs,
    ...(side.tunnel === undefined ? {} : { tunnel: await side.tunnel() }),
  };
}

async function findFailure(exam: Examination, side: FarSide, look: TlsLook): Promise<void> {
  const { peer, stepMs, tls } = side;
  const port = portOf(peer.url);
  if (look.silent) {
    await exam.find('tls', 'tls-silent', { peer: peer.label, seconds: stepMs / 1000 });
    return;
  }
  const code = systemCode(look.error);
  if (refusalOf(code) !== undefined) {
    await findRefusal(exam, side, look);
    return;
  }
  const error = connectionFault(look.error, peer, tls);
  const hungUp = look.ended || error.fault === 'connection-broken';
  const unclear =
    hungUp || ['tls-version', 'tls-handshake-refused', 'tls-failed'].includes(error.fault ?? '');
  const spoken = unclear ? await versionsOf(side) : [];
  if (spoken.length > 0 && (await findMismatch(exam, side, spoken))) return;
  if (hungUp || error.fault === 'not-tls') {
    if (side.tunnel === undefined && (await findGreeting(exam, side))) return;
    if (hungUp) {
      await exam.find('tls', 'tls-hang-up', { peer: peer.label, port });
      return;
    }
  }
  await exam.error('tls', error, 'tls-failed');
}

async function versionsOf(side: FarSide): Promise<readonly SpokenVersion[]> {
  const { cert, key } = side.credentials;
  return await spokenVersions({ cert, key, target: () => targetOf(side) });
}

/** Whether the versions and suites it speaks are the reason. */
async function findMismatch(
  exam: Examination,
  { peer, settings }: FarSide,
  spoken: readonly SpokenVersion[],
): Promise<boolean> {
  const newest = spoken.at(-1);
  const versions = spoken.map(({ version }) => version.replace('TLSv', 'TLS ')).join(', ');
  if (newest === undefined) return false;
  if (newest.version !== 'TLSv1.2' && newest.version !== 'TLSv1.3') {
    await exam.find('tls', 'tls-version', { peer: peer.label, versions });
  } else if (newest.version === 'TLSv1.2' && settings.policy === 'modern') {
    await exam.find('tls', 'tls-policy', { peer: peer.label, versions });
  } else {
    const { cipher, version } = newest;
    const values = { peer: peer.label, policy: settings.policy, cipher, version };
    await exam.find('tls', 'tls-suites', values);
  }
  return true;
}

/** Whether it says something without TLS. */
async function findGreeting(exam: Examination, { peer }: FarSide): Promise<boolean> {
  const port = portOf(peer.url);
  const host = hostOf(peer.url);
  const { kind, text } = await greetingOf(host, port);
  if (kind === 'nothing') return false;
  const values = { peer: peer.label, port, greeting: text, address: endpointText(host, port) };
  const names = { http: 'plain-http', proxy: 'http-proxy-there', other: 'other-protocol' } as const;
  await exam.find('tls', names[kind], values);
  return true;
}
