/**
 * Certificate, key, authorities and revocation lists of one TLS side, as they stand in their files now. Called at start by
 * src/app/reverse-server.ts and by the poller for each profile, and again when the files have changed (tls-watch.ts); then a
 * fault keeps the credentials that are in force.
 */

import type { X509Certificate } from 'node:crypto';
import type { TlsSettings } from '../core/settings.ts';
import { subjectDer } from './certificate-facts.ts';
import { readCrls } from './crl.ts';
import type { RevocationList } from './crl.ts';
import { readName } from './distinguished-name.ts';
import { isStale } from './end-dates.ts';
import { createPeerJudge } from './peer-judge.ts';
import type { PeerJudge } from './peer-judge.ts';
import { fault, loadPlainCredentials, readBytes, settingName } from './plain-credentials.ts';
import type { LoadOptions, PlainCredentials } from './plain-credentials.ts';

export interface Credentials extends PlainCredentials {
  /** Empty without `--crl`. */
  readonly lists: readonly RevocationList[];
  /** `--crl-strict` */
  readonly strict: boolean;
  readonly judge: PeerJudge;
}

/** Throws RelayError TLS_FILE. */
export function loadCredentials(settings: TlsSettings, options: LoadOptions = {}): Credentials {
  const plain = loadPlainCredentials(settings, options);
  const { authorities } = plain;
  const warnings = [...plain.warnings];
  const now = options.now ?? Date.now();
  const strict = settings.crlStrict === true;
  const lists =
    settings.crlFile === undefined
      ? []
      : loadCrls(settingName(options, 'crl'), settings.crlFile, {
          authorities,
          now,
          strict,
          warnings,
        });
  return { ...plain, lists, strict, judge: createPeerJudge({ authorities, lists, strict }), warnings };
}

interface CrlContext {
  readonly authorities: readonly X509Certificate[];
  readonly now: number;
  readonly strict: boolean;
  readonly warnings: string[];
}

function loadCrls(option: string, file: string, context: CrlContext): readonly RevocationList[] {
  const { authorities, now, strict, warnings } = context;
  const at = `${option} ${file}`;
  const lists = readCrls(readBytes(at, file));
  if (typeof lists === 'string') {
    throw fault(`${at} ${lists}`, 'PEM (X509 CRL blocks) or DER is wanted');
  }
  for (const list of lists) {
    if (strict && isStale(list, now)) {
      throw fault(
        `${at} expired on ${new Date(list.nextUpdate ?? 0).toISOString()}: every peer would be refused`,
        `fetch the current list from your authority, or leave ${option}-strict out`,
      );
    }
    if (list.thisUpdate > now) {
      throw fault(
        `${at} is not valid before ${new Date(list.thisUpdate).toISOString()}: every peer would be refused`,
        'is the clock of this host right?',
      );
    }
  }
  for (const { issuer, isSignedBy } of lists) {
    const named = authorities.filter((authority) => readName(subjectDer(authority)).key === issuer.key);
    if (named.length > 0 && !named.some(({ publicKey }) => isSignedBy(publicKey))) {
      throw fault(
        `${at}: the list of ${issuer.text} is not signed by the key of that authority`,
        'it was damaged or forged, or the authority has a new key: fetch both anew',
      );
    }
  }
  for (const authority of authorities) {
    const { key } = readName(subjectDer(authority));
    if (!lists.some(({ issuer }) => issuer.key === key)) {
      const name = authority.subject.replaceAll('\n', ', ');
      warnings.push(`${at} has no list of ${name}: certificates of that authority will be refused`);
    }
  }
  return lists;
}
