/**
 * Certificate, key and authorities of one TLS side, read once and checked as far as one side alone can: all of
 * credentials.ts but the revocation lists. Called by it, and directly by a poller without lists, whose empty polls should
 * load no more than they need.
 *
 * What would make every handshake fail is a RelayError TLS_FILE that names option, file and reason; what only
 * the other side can judge (an expired certificate) is a warning. Nothing ever asks for a passphrase.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { messageOf, RelayError, systemCode } from '../core/errors.ts';
import type { TlsSettings } from '../core/settings.ts';
import { certificateWarnings } from './certificate-facts.ts';
import type { Purpose } from './certificate-facts.ts';
import { hasBrokenBlock, pemBlocks } from './pem.ts';

export interface PlainCredentials {
  /** PEM: the leaf and what follows it in the file. */
  readonly cert: string;
  readonly key: string;
  /** PEM, one per authority. */
  readonly ca: readonly string[];
  readonly authorities: readonly X509Certificate[];
  /** The leaf. */
  readonly certificate: X509Certificate;
  /** `--cert FILE` and so on, for messages. */
  readonly at: { readonly cert: string; readonly ca: string; readonly crl: string };
  /** One sentence each, naming the file. To be logged at start. */
  readonly warnings: readonly string[];
}

export interface LoadOptions {
  /** Wall time, milliseconds. */
  readonly now?: number;
  /** `manager-` when the settings came from `--manager-cert` and so on. */
  readonly optionPrefix?: string;
  /** `sources.https` when they came from a configuration file, where the authorities are `ca`. */
  readonly setting?: string;
  /** Warn when the certificate is not meant for this side. */
  readonly purpose?: Purpose;
}

/** As the operator wrote it, for messages: `--cacert`, `sources.https.ca`. */
export function settingName(
  { optionPrefix = '', setting }: LoadOptions,
  option: 'cert' | 'key' | 'cacert' | 'crl',
): string {
  if (setting === undefined) return `--${optionPrefix}${option}`;
  return `${setting}.${option === 'cacert' ? 'ca' : option}`;
}

/** Throws RelayError TLS_FILE. */
export function loadPlainCredentials(settings: TlsSettings, options: LoadOptions = {}): PlainCredentials {
  const now = options.now ?? Date.now();
  const warnings: string[] = [];

  const certAt = `${settingName(options, 'cert')} ${settings.certFile}`;
  const chain = readCertificates(certAt, settings.certFile);
  const [leaf] = chain;
  if (leaf === undefined) {
    throw fault(`${certAt} holds no certificate`, 'it must be a PEM file with a CERTIFICATE block');
  }
  warnings.push(...certificateWarnings(leaf, now, options.purpose).map((text) => `${certAt} ${text}`));

  const keyAt = `${settingName(options, 'key')} ${settings.keyFile}`;
  const keyText = readText(keyAt, settings.keyFile);
  const key = readKey(keyAt, keyText);
  if (!leaf.checkPrivateKey(key)) {
    const holder = chain.slice(1).some((certificate) => certificate.checkPrivateKey(key));
    throw fault(
      `${keyAt} does not match the certificate in ${settings.certFile}`,
      holder
        ? 'the certificate of the key stands further down in that file: put it first'
        : 'key and certificate must come from the same request',
    );
  }
  if ((statSync(settings.keyFile).mode & 0o007) !== 0) {
    warnings.push(`${keyAt} can be read by every user of this host: chmod o-rwx`);
  }

  const caAt = `${settingName(options, 'cacert')} ${settings.caFile}`;
  const authorities = readCertificates(caAt, settings.caFile);
  if (authorities.length === 0) {
    throw fault(
      `${caAt} holds no certificate`,
      'it must be a PEM file with the CERTIFICATE of your authority',
    );
  }
  for (const authority of authorities) {
    const name = authority.subject.replaceAll('\n', ', ');
    warnings.push(...certificateWarnings(authority, now).map((text) => `${caAt}: ${name} ${text}`));
  }

  const credentials: PlainCredentials = {
    cert: chain.map((certificate) => certificate.toString()).join(''),
    key: keyText,
    ca: authorities.map((authority) => authority.toString()),
    authorities,
    certificate: leaf,
    at: { cert: certAt, ca: caAt, crl: `${settingName(options, 'crl')} ${settings.crlFile ?? ''}` },
    warnings,
  };
  proveUsable(credentials, certAt);
  return credentials;
}

function readCertificates(at: string, file: string): readonly X509Certificate[] {
  const text = readText(at, file);
  if (hasBrokenBlock(text)) {
    throw fault(`${at} is incomplete: a PEM block has no END line`, 'is it still being written?');
  }
  const blocks = pemBlocks(text).filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label));
  if (blocks.length === 0 && text.trim() !== '' && !text.includes('-----BEGIN')) {
    throw fault(`${at} is not PEM`, `if it is DER: openssl x509 -inform der -in ${file} -out ${file}.pem`);
  }
  return blocks.map(({ text: block }, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw fault(`${at}: certificate ${index + 1} is damaged: ${messageOf(error)}`, undefined, error);
    }
  });
}

function readKey(at: string, text: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw fault(
      `${at} is encrypted, and nobody is there to type the passphrase`,
      'decrypt it: openssl pkey -in KEY -out NEW',
    );
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw fault(`${at} holds no private key`, 'it must be a PEM file with a PRIVATE KEY block');
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw fault(`${at} is damaged: ${messageOf(error)}`, undefined, error);
  }
}

function readText(at: string, file: string): string {
  return readBytes(at, file).toString('latin1');
}

export function readBytes(at: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    switch (systemCode(error)) {
      case 'ENOENT':
        throw fault(`${at} does not exist`, undefined, error);
      case 'EISDIR':
        throw fault(`${at} is a directory`, undefined, error);
      case 'EACCES':
      case 'EPERM':
        throw fault(
          `${at} may not be read by user id ${process.geteuid?.() ?? '?'}`,
          'make it readable for the group of the service: chgrp idmef-relay FILE; chmod g+r FILE',
          error,
        );
      default:
        throw fault(`${at} cannot be read: ${messageOf(error)}`, undefined, error);
    }
  }
}

/** OpenSSL has the last word: what it refuses now it would refuse at each handshake. */
function proveUsable(credentials: PlainCredentials, certAt: string): void {
  try {
    createSecureContext({
      cert: credentials.cert,
      key: credentials.key,
      ca: [...credentials.ca],
    });
  } catch (error) {
    throw fault(`${certAt} is refused by OpenSSL: ${messageOf(error)}`, undefined, error);
  }
}

export function fault(message: string, hint?: string, cause?: unknown): RelayError {
  return new RelayError('TLS_FILE', message, { ...(hint === undefined ? {} : { hint }), cause });
}
