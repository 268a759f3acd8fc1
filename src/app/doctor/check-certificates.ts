/**
 * Our certificate, key, authorities and revocation list, as the program will load them, and what a peer will say
 * of the certificate. The first step towards any peer; no connection is made with files that fail here.
 *
 * Called by check-profile.ts (once for sensors, once more where destinations have files of their own) and by
 * check-server.ts.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { RelayError, systemCode } from '../../core/errors.ts';
import { doctorLimits } from '../../core/limits.ts';
import type { TlsSettings } from '../../core/settings.ts';
import { loadCredentials, type Credentials } from '../../tls/credentials.ts';
import { tlsParameters } from '../../tls/policy.ts';
import type { DiagnosisName } from './diagnoses.ts';
import type { Examination } from './examination.ts';
import { dayText, durationText, instantText } from './words.ts';

const DAY = 86_400_000;

export interface CertificateQuestion {
  /** `manager-` when the settings came from `--manager-cert` and so on. */
  readonly prefix: string;
  readonly purpose: 'client' | 'server';
  /** Wall time, ms. */
  readonly now: number;
}

/** The files, when a connection with them makes sense. */
export async function checkCertificates(
  exam: Examination,
  settings: TlsSettings,
  { prefix, purpose, now }: CertificateQuestion,
): Promise<Credentials | undefined> {
  let credentials: Credentials;
  try {
    tlsParameters(settings);
    credentials = loadCredentials(settings, { now, optionPrefix: prefix, purpose });
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    await exam.error('certificate', error, causeOf(error, settings));
    return undefined;
  }
  const { certificate } = credentials;
  const cert = settings.certFile;
  const faults = exam.faults();
  const from = Date.parse(certificate.validFrom);
  const until = Date.parse(certificate.validTo);
  if (until < now) {
    await exam.find('certificate', 'own-certificate-expired', { cert, until: dayText(until) });
  } else if (from > now) {
    const values = { cert, from: instantText(from), now: instantText(now) };
    await exam.find('certificate', 'own-certificate-not-yet-valid', values);
  } else if (!isFor(certificate, purpose)) {
    const values = { cert, purpose, usage: `${purpose}Auth` };
    await exam.find('certificate', 'own-certificate-purpose', values);
  } else {
    const left = durationText(until - now);
    const subject = certificate.subject.replaceAll('\n', ', ');
    await exam.ok(
      'certificate',
      `${cert} is ${subject || 'nameless'}, valid until ${dayText(until)} (${left})`,
    );
    if (until - now < doctorLimits.expirySoonDays * DAY) {
      await exam.find('certificate', 'own-certificate-ends', { cert, until: dayText(until), days: left });
    }
  }
  for (const said of credentials.warnings.filter((text) => !isSaidAbove(text, cert))) {
    await exam.find('certificate', 'certificate-warning', { said });
  }
  return exam.faults() > faults ? undefined : credentials;
}

/** Dates and purpose of the leaf have diagnoses of their own. */
function isSaidAbove(warning: string, cert: string): boolean {
  return (
    warning.includes(`cert ${cert} `) &&
    /expired on|not valid before|is not meant for|\bends?\b|\bexpires?\b/.test(warning)
  );
}

const usages = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

function isFor(certificate: X509Certificate, purpose: 'client' | 'server'): boolean {
  // The type says string[], yet it is undefined where the extension is absent.
  const usage = certificate.keyUsage as readonly string[] | undefined;
  return usage === undefined || usage.includes(usages[purpose]);
}

/** The name of the fault, from the files themselves; its words are those of the loader. */
function causeOf(error: RelayError, settings: TlsSettings): DiagnosisName {
  if (error.code === 'CONFIG') return 'ciphers-unknown';
  const { certFile, keyFile, caFile, crlFile } = settings;
  const files = [certFile, keyFile, caFile, ...(crlFile === undefined ? [] : [crlFile])];
  const texts: string[] = [];
  for (const file of files) {
    try {
      texts.push(readFileSync(file, 'latin1'));
    } catch (cause) {
      return systemCode(cause) === 'EACCES' ? 'file-unreadable' : 'file-missing';
    }
  }
  const [cert = '', key = '', ca = ''] = texts;
  if (key.includes('ENCRYPTED')) return 'key-encrypted';
  if (![cert, ca].every((text) => /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/.test(text))) {
    return 'file-not-pem';
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) return 'file-not-pem';
  if (/too small|too weak/.test(error.message)) return 'certificate-weak';
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return 'key-mismatch';
  } catch {
    return 'certificate-file';
  }
  return crlFile !== undefined && error.message.includes(crlFile) ? 'crl-expired' : 'certificate-file';
}
