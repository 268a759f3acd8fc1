/**
 * Whether a peer whose certificate OpenSSL has verified may be talked to: its chain against the revocation lists,
 * and against the authorities after these were exchanged. Made by credentials.ts; called for every connection by
 * src/sensor/server.ts (also for those kept alive, at each reload) and, for the poller, by src/http through a function.
 *
 * A list past its end stays in force unless `strict`: what it revokes is refused all the same. Every certificate
 * above the peer's own that could vouch for it counts, so that a revoked intermediate cannot hide behind another.
 * Signatures are verified, because the peer chooses what it sends. RFC 5280 §6.3.
 */

import type { X509Certificate } from 'node:crypto';
import { tlsLimits } from '../core/limits.ts';
import { issuerDer, subjectDer } from './certificate-facts.ts';
import { canonicalSerial } from './crl.ts';
import type { RevocationList } from './crl.ts';
import { readName } from './distinguished-name.ts';
import { isStale } from './end-dates.ts';

/** What a peer showed: its own certificate and what it sent along, in any order. */
export interface PeerChain {
  readonly leaf: X509Certificate;
  readonly sent: readonly X509Certificate[];
}

/**
 * `refused`: OpenSSL's name for the reason. `unseen`: an intermediate certificate is neither sent nor among the
 * authorities; some versions of Node do not show a server what was sent (nodejs/node issue 65579).
 */
export type Verdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'unseen' }
  | { readonly kind: 'refused'; readonly code: string };

export interface PeerJudge {
  /** By the revocation lists; good when there are none. `now` is wall time. */
  revocation(chain: PeerChain, now: number): Verdict;
  /** Whether the chain still leads to a root of ours, after `former` authorities were replaced. */
  trust(chain: PeerChain, former: readonly X509Certificate[]): Verdict;
}

interface JudgeParts {
  readonly authorities: readonly X509Certificate[];
  readonly lists: readonly RevocationList[];
  /** A list past its end refuses whom it should judge. */
  readonly strict: boolean;
}

const GOOD: Verdict = { kind: 'good' };
const UNSEEN: Verdict = { kind: 'unseen' };

export function createPeerJudge({ authorities, lists, strict }: JudgeParts): PeerJudge {
  const remembered = new Map<string, boolean>();
  const roots = new Set(authorities.map(({ fingerprint256 }) => fingerprint256));
  const subjects = authorities.map((authority) => ({ authority, key: readName(subjectDer(authority)).key }));

  /** The same few peers come again and again; a signature is checked once for them. */
  const once = (key: string, check: () => boolean): boolean => {
    const before = remembered.get(key);
    if (before !== undefined) {
      return before;
    }
    if (remembered.size >= tlsLimits.rememberedSignatures) {
      remembered.clear();
    }
    const holds = check();
    remembered.set(key, holds);
    return holds;
  };
  const vouches = (issuer: X509Certificate, certificate: X509Certificate): boolean =>
    certificate.checkIssued(issuer) &&
    once(`${certificate.fingerprint256} ${issuer.fingerprint256}`, () =>
      certificate.verify(issuer.publicKey),
    );
  const signs = (issuer: X509Certificate, list: RevocationList): boolean =>
    once(`${list.id} ${issuer.fingerprint256}`, () => list.isSignedBy(issuer.publicKey));

  /** Each certificate from the leaf upwards with those that vouch for it. */
  const climb = (
    { leaf, sent }: PeerChain,
    former: readonly X509Certificate[],
  ): ReadonlyMap<X509Certificate, readonly X509Certificate[]> => {
    const candidates = [...authorities, ...former, ...sent.slice(0, tlsLimits.sentCertificates)];
    const above = new Map<X509Certificate, readonly X509Certificate[]>();
    const next = [leaf];
    for (let certificate = next.pop(); certificate !== undefined; certificate = next.pop()) {
      if (above.has(certificate)) {
        continue;
      }
      const child = certificate;
      const issuers = candidates.filter((candidate) => vouches(candidate, child));
      above.set(child, issuers);
      next.push(...issuers);
    }
    return above;
  };

  const judgeOne = (
    certificate: X509Certificate,
    issuers: readonly X509Certificate[],
    now: number,
  ): string | undefined => {
    const { key } = readName(issuerDer(certificate));
    const named = lists.filter(({ issuer }) => issuer.key === key);
    const judges = [
      ...subjects.filter((subject) => subject.key === key).map(({ authority }) => authority),
      ...issuers,
    ];
    const signed = named.filter((list) => judges.some((judge) => signs(judge, list)));
    if (named.length === 0) {
      return 'UNABLE_TO_GET_CRL';
    }
    if (signed.length === 0 && judges.length > 0) {
      return 'CRL_SIGNATURE_FAILURE';
    }
    // Who should have signed is not to be seen: what the operator gave us is then believed.
    const valid = signed.length === 0 ? named : signed;
    const serial = canonicalSerial(certificate.serialNumber);
    if (valid.some(({ revoked }) => revoked.has(serial))) {
      return 'CERT_REVOKED';
    }
    return strict && valid.every((list) => isStale(list, now)) ? 'CRL_HAS_EXPIRED' : undefined;
  };

  return {
    revocation(chain, now) {
      if (lists.length === 0) {
        return GOOD;
      }
      const above = [...climb(chain, [])];
      for (const [certificate, issuers] of above) {
        const code = judgeOne(certificate, issuers, now);
        if (code !== undefined) {
          return { kind: 'refused', code };
        }
      }
      return above.some(([, issuers]) => issuers.length === 0) ? UNSEEN : GOOD;
    },
    trust(chain, former) {
      const above = [...climb(chain, former)];
      const isRoot = ([certificate, issuers]: (typeof above)[number]): boolean =>
        roots.has(certificate.fingerprint256) &&
        issuers.some((issuer) => issuer.fingerprint256 === certificate.fingerprint256);
      if (above.some(isRoot)) {
        return GOOD;
      }
      return above.some(([, issuers]) => issuers.length === 0)
        ? UNSEEN
        : { kind: 'refused', code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' };
    },
  };
}
