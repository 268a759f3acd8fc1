/**
 * The certificate a peer shows: accepted or not, why not, and what will become a fault one day. Called by
 * check-handshake.ts with what the handshake showed.
 *
 * The verdict is OpenSSL's under the profile's own settings; here it gets its context: the authority we hold, the
 * names it bears, the other side's clock.
 */

import { X509Certificate } from 'node:crypto';

import { certificateFault, nameFault } from '../../http/certificate-fault.ts';
import { RelayError } from '../../core/errors.ts';
import { doctorLimits } from '../../core/limits.ts';
import { certificateWarnings } from '../../tls/certificate-facts.ts';
import { askDate, clockDifference } from './check-clock.ts';
import type { Examination } from './examination.ts';
import { distinguishedName, nameOf, type FarSide } from './far-side.ts';
import type { TlsLook } from './tls-look.ts';
import { clockText, dayText, durationText, instantText } from './words.ts';

const DAY = 86_400_000;

/** Whether it is accepted. */
export async function findPeerCertificate(exam: Examination, side: FarSide, look: TlsLook): Promise<boolean> {
  const [leaf] = look.chain;
  if (look.verdict !== '') {
    await findVerdict(exam, side, look, leaf);
    return false;
  }
  if (leaf === undefined) return true;
  const until = Date.parse(leaf.validTo);
  const left = until - side.now();
  const bears = leaf.subjectAltName ?? distinguishedName(leaf.subject);
  await exam.ok(
    'certificate',
    `of the peer: ${bears}, valid until ${dayText(until)} (${durationText(left)})`,
  );
  const peer = side.peer.label;
  if (left < doctorLimits.expirySoonDays * DAY) {
    await exam.find('certificate', 'peer-certificate-ends', {
      peer,
      until: dayText(until),
      days: durationText(left),
    });
  }
  if (leaf.subjectAltName === undefined) {
    await exam.find('certificate', 'peer-certificate-cn-only', {
      peer,
      name: distinguishedName(leaf.subject),
    });
  }
  for (const said of weaknesses(leaf, side.now())) {
    await exam.find('certificate', 'peer-certificate-warning', { peer, said });
  }
  return true;
}

/** What newer OpenSSL refuses: the other warnings are about dates. */
function weaknesses(certificate: X509Certificate, now: number): string[] {
  return certificateWarnings(certificate, now).filter((text) => text.includes('refuse'));
}

async function findVerdict(
  exam: Examination,
  side: FarSide,
  look: TlsLook,
  leaf: X509Certificate | undefined,
): Promise<void> {
  const { verdict, certificate } = look;
  const { peer, tls } = side;
  if (certificate === undefined || leaf === undefined) return;
  if (verdict === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    await exam.error('certificate', nameFault(nameOf(side), certificate, peer), 'certificate-name');
    return;
  }
  const error = certificateFault(verdict, certificate, peer, tls);
  if (error.fault === 'certificate-expired' || error.fault === 'certificate-not-yet-valid') {
    if (await findClock(exam, side, leaf)) return;
  }
  const weak = look.chain.flatMap((one) => weaknesses(one, side.now()));
  if (verdict === 'UNSPECIFIED' && error.fault !== 'certificate-weak' && weak[0] !== undefined) {
    const text = `${peer.label} shows a certificate that ${weak[0]}`;
    await exam.error(
      'certificate',
      new RelayError(error.code, text, { fault: 'certificate-weak' }),
      'certificate-weak',
    );
    return;
  }
  if (error.fault === 'certificate-authority-unknown' && (await findRemade(exam, side, leaf))) return;
  await exam.error('certificate', error, 'certificate-refused');
}

/** Whether the dates are right by the other side's clock. */
async function findClock(exam: Examination, side: FarSide, leaf: X509Certificate): Promise<boolean> {
  const now = side.now();
  const difference = clockDifference(await askDate(side), now);
  if (difference === undefined) return false;
  const theirs = now + difference;
  const [from, until] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (theirs < from || theirs > until) return false;
  const validity = now < from ? `is not valid before ${instantText(from)}` : `ended ${instantText(until)}`;
  await exam.find('certificate', 'clock-spoils-certificate', {
    peer: side.peer.label,
    validity,
    theirs: instantText(theirs),
    difference: clockText(difference),
  });
  return true;
}

/** Whether we hold an authority of the issuer's name that did not issue it. */
async function findRemade(exam: Examination, side: FarSide, leaf: X509Certificate): Promise<boolean> {
  const held = side.credentials.ca.map((pem) => new X509Certificate(pem));
  const namesake = held.find(({ subject }) => subject === leaf.issuer);
  if (namesake === undefined || leaf.verify(namesake.publicKey)) return false;
  await exam.find('certificate', 'certificate-authority-remade', {
    peer: side.peer.label,
    issuer: distinguishedName(leaf.issuer),
    ca: side.tls.caFile,
  });
  return true;
}
