/**
 * The credentials in force and whom they let in: options of the TLS context, and the verdict on each peer at its handshake and
 * again whenever certificates or revocation lists were exchanged. Made by the HTTPS servers of src/sensor and src/dispatcher.
 *
 * OpenSSL gets the lists as well while none is near its end, because it sees the whole chain on every version of
 * Node; past the end it would refuse everybody, so then the verdict is ours alone (peer-judge.ts). No session is
 * resumed: a ticket would carry an old verdict past a new list, and a full handshake costs a millisecond.
 */

import { constants } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { tlsLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import type { Credentials } from './credentials.ts';
import { isStale } from './end-dates.ts';
import type { PeerChain, Verdict } from './peer-judge.ts';
import type { TlsParameters } from './policy.ts';
import { rawSocketOf } from './raw-socket.ts';

/** What handshakes that began at one time were judged by. */
interface Generation {
  readonly credentials: Credentials;
  /** OpenSSL has the revocation lists. */
  readonly listed: boolean;
}

export interface Admission {
  readonly certificate: X509Certificate;
  /** May be answered, but should dial anew: the files changed during its handshake. */
  readonly retire: boolean;
}

/** When an intermediate cannot be seen, and nobody else has judged it. */
const UNSEEN_CODE = 'ISSUER_UNSEEN';

export class PeerGate {
  readonly #parameters: TlsParameters;
  readonly #clock: Clock;
  readonly #begun = new WeakMap<Socket, Generation>();
  readonly #admitted = new WeakMap<Socket, PeerChain>();
  #current: Generation;
  #strictlyStale: boolean;

  constructor(credentials: Credentials, parameters: TlsParameters, clock: Clock) {
    this.#parameters = parameters;
    this.#clock = clock;
    this.#current = this.#generation(credentials);
    this.#strictlyStale = this.#isStrictlyStale(credentials);
  }

  get credentials(): Credentials {
    return this.#current.credentials;
  }

  /** Whether time alone has changed what the context should be, or who may stay. */
  isOutdated(): boolean {
    const { credentials, listed } = this.#current;
    return (
      this.#generation(credentials).listed !== listed ||
      this.#isStrictlyStale(credentials) !== this.#strictlyStale
    );
  }

  contextOptions(credentials = this.credentials): SecureContextOptions & TlsParameters {
    const { listed } = this.#generation(credentials);
    return {
      cert: credentials.cert,
      key: credentials.key,
      ca: [...credentials.ca],
      ...(listed ? { crl: credentials.lists.map((list) => list.pem()) } : {}),
      ...this.#parameters,
      secureOptions: constants.SSL_OP_NO_TICKET,
    };
  }

  /** After the server has taken contextOptions(credentials). */
  adopt(credentials: Credentials): void {
    this.#current = this.#generation(credentials);
    this.#strictlyStale = this.#isStrictlyStale(credentials);
  }

  /** At `connection`. */
  begin(raw: Socket): void {
    this.#begun.set(raw, this.#current);
  }

  /** At `secureConnection`: admitted, or the name of the reason; undefined when OpenSSL has not accepted it. */
  admit(socket: TLSSocket): Admission | string | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined || !socket.authorized) {
      return undefined;
    }
    const raw = rawSocketOf(socket);
    const begun = (raw === undefined ? undefined : this.#begun.get(raw)) ?? this.#current;
    const chain = chainOf(certificate);
    const verdict = this.#judge(chain, begun.credentials);
    if (verdict.kind === 'refused') {
      return verdict.code;
    }
    if (verdict.kind === 'unseen' && !begun.listed && this.credentials.lists.length > 0) {
      return UNSEEN_CODE;
    }
    this.#admitted.set(socket, chain);
    return { certificate, retire: verdict.kind === 'unseen' && begun !== this.#current };
  }

  /** The verdict on a connection that was let in by `former`. */
  rejudge(socket: Socket, former: Credentials): Verdict {
    const chain = this.#admitted.get(socket);
    return chain === undefined ? { kind: 'unseen' } : this.#judge(chain, former);
  }

  #judge(chain: PeerChain, former: Credentials): Verdict {
    const { credentials } = this.#current;
    const kept = former.ca.every((pem) => credentials.ca.includes(pem));
    const trust = kept ? undefined : credentials.judge.trust(chain, former.authorities);
    if (trust !== undefined && trust.kind !== 'good') {
      return trust.kind === 'refused' ? trust : { kind: 'refused', code: UNSEEN_CODE };
    }
    return credentials.judge.revocation(chain, this.#clock.now());
  }

  #generation(credentials: Credentials): Generation {
    const edge = this.#clock.now() + tlsLimits.listMarginMs;
    const { lists, strict } = credentials;
    return {
      credentials,
      listed: lists.length > 0 && (strict || !lists.some((list) => isStale(list, edge))),
    };
  }

  #isStrictlyStale({ lists, strict }: Credentials): boolean {
    return strict && lists.some((list) => isStale(list, this.#clock.now()));
  }
}

/** As sent; some versions of Node show a server the first alone, and all take the others away with the first answer. */
function chainOf(leaf: X509Certificate): PeerChain {
  const sent: X509Certificate[] = [];
  let next: X509Certificate | undefined = leaf.issuerCertificate;
  while (next !== undefined && sent.length < tlsLimits.sentCertificates && !sent.includes(next)) {
    sent.push(next);
    next = next.issuerCertificate;
  }
  return { leaf, sent };
}
