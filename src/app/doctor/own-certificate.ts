/**
 * The other side does not accept our certificate: what it said, and what can be known from here about why. Called
 * by check-handshake.ts.
 *
 * TLS 1.2 says it in the handshake, TLS 1.3 after it; Node's servers only close the connection, with the reason in
 * their own log. Who issued the two certificates is then the best evidence there is.
 */

import { systemCode } from '../../core/errors.ts';
import { refusalOf } from '../../http/connection-fault.ts';
import type { DiagnosisName } from './diagnoses.ts';
import type { Examination } from './examination.ts';
import { distinguishedName, type FarSide } from './far-side.ts';
import type { TlsLook } from './tls-look.ts';
import { dayText } from './words.ts';

export async function findRefusal(exam: Examination, side: FarSide, look: TlsLook): Promise<void> {
  const { peer, tls, credentials } = side;
  const { certificate } = credentials;
  const alert = refusalOf(systemCode(look.error));
  const [theirs] = look.chain;
  const ours = distinguishedName(certificate.issuer);
  const differs = theirs !== undefined && theirs.issuer !== certificate.issuer;
  const facts = [
    `it is ${distinguishedName(certificate.subject)}, serial ${certificate.serialNumber}, issued by ${ours}`,
    ...(differs ? [`the peer's own by ${distinguishedName(theirs.issuer)}`] : []),
  ];
  await exam.find('own cert', nameOfRefusal(alert, differs), {
    peer: peer.label,
    cert: tls.certFile,
    said: alert === undefined ? 'it closes the connection right after the handshake' : `alert: ${alert}`,
    facts: facts.join(', '),
    until: dayText(Date.parse(certificate.validTo)),
  });
}

function nameOfRefusal(alert: string | undefined, differs: boolean): DiagnosisName {
  switch (alert) {
    case 'certificate revoked':
      return 'own-certificate-revoked';
    case 'certificate expired':
      return 'own-certificate-expired-there';
    case 'unknown certification authority':
      return 'own-certificate-authority';
    case undefined:
    default:
      return alert === undefined && differs ? 'own-certificate-authority' : 'own-certificate-refused';
  }
}
