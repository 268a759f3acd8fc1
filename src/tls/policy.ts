/**
 * Protocol versions and cipher suites: `--tls-policy` and `--ciphers` as node:tls options. Called by
 * src/app/reverse-server.ts and by the poller's HTTP client for both of its sides.
 *
 * `anssi` (default): the suites of ANSSI's TLS guide (SDE-NT-35, annex A.1): TLS 1.2 and 1.3, ECDHE, AEAD.
 * `intermediate`: Mozilla's profile of that name, which adds finite-field DHE. `modern`: TLS 1.3 only.
 * `--ciphers` replaces the list for TLS 1.2; the suites of TLS 1.3 are then the policy's, unless named.
 */

import { createSecureContext } from 'node:tls';
import { RelayError } from '../core/errors.ts';
import type { TlsPolicy } from '../core/settings.ts';

export interface TlsParameters {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.3';
  /** OpenSSL's list, with the names of TLS 1.3 suites in front as Node wants them. */
  readonly ciphers: string;
  readonly honorCipherOrder: boolean;
  /** Only where the policy has finite-field Diffie-Hellman. */
  readonly dhparam?: 'auto';
}

const TLS13_ANSSI = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
];

const TLS13_MOZILLA = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

const TLS12_ANSSI = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES256-CCM',
  'ECDHE-ECDSA-AES128-CCM',
];

const TLS12_MOZILLA = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-CHACHA20-POLY1305',
];

/** Warnings are sentences for the log at start. Throws RelayError CONFIG when `ciphers` leaves nothing. */
export function tlsParameters(settings: { readonly policy: TlsPolicy; readonly ciphers?: string }): {
  readonly parameters: TlsParameters;
  readonly warnings: readonly string[];
} {
  const { policy, ciphers } = settings;
  if (policy === 'modern') {
    return {
      parameters: {
        minVersion: 'TLSv1.3',
        maxVersion: 'TLSv1.3',
        ciphers: TLS13_MOZILLA.join(':'),
        honorCipherOrder: true,
      },
      warnings:
        ciphers === undefined ? [] : ['--ciphers has no effect with --tls-policy modern (TLS 1.3 only)'],
    };
  }
  const tls13 = policy === 'anssi' ? TLS13_ANSSI : TLS13_MOZILLA;
  const own = ciphers === undefined ? undefined : selectCiphers(ciphers);
  const tls12 = own?.known ?? (policy === 'anssi' ? TLS12_ANSSI : TLS12_MOZILLA);
  const list = tls12.some((name) => name.startsWith('TLS_')) ? tls12 : [...tls13, ...tls12];
  return {
    parameters: {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: list.join(':'),
      honorCipherOrder: true,
      ...(list.some((name) => name.startsWith('DHE-')) ? { dhparam: 'auto' as const } : {}),
    },
    warnings:
      own === undefined || own.unknown.length === 0
        ? []
        : [`--ciphers names suites this OpenSSL does not know, they are skipped: ${own.unknown.join(', ')}`],
  };
}

/** OpenSSL silently skips names it does not know; here they are told apart. */
function selectCiphers(list: string): {
  readonly known: readonly string[];
  readonly unknown: readonly string[];
} {
  const known: string[] = [];
  const unknown: string[] = [];
  for (const word of list.split(/[:, ;]+/).filter((part) => part !== '')) {
    (isKnown(word) ? known : unknown).push(word);
  }
  if (!offersAnything(known)) {
    throw new RelayError('CONFIG', `--ciphers ${list} leaves no cipher suite that this OpenSSL knows`, {
      hint: 'leave the option out: --tls-policy anssi is the default',
    });
  }
  return { known, unknown };
}

/** A suite, an alias such as HIGH, either with `!`, `-` or `+` before it, or a command such as @STRENGTH. */
function isKnown(word: string): boolean {
  if (word.startsWith('@')) {
    return true;
  }
  return offersAnything([word.replace(/^[!\-+]/, '')]);
}

function offersAnything(words: readonly string[]): boolean {
  try {
    createSecureContext({ ciphers: words.join(':') });
    return words.length > 0;
  } catch {
    return false;
  }
}
