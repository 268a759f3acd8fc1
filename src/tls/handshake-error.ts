/**
 * Why a TLS handshake failed at the server, in one short reason an operator can act on. Called by
 * src/sensor/server.ts for each `tlsClientError`.
 *
 * A certificate that was judged and refused shows in the error only as ECONNRESET; the verdict is in the
 * socket's authorizationError (measured, Node 20 and 24).
 */

import { messageOf, systemCode } from '../core/errors.ts';

interface HandshakeFacts {
  readonly error: unknown;
  /** The TLS socket's authorizationError, as text or as an error with that code; null when there was none. */
  readonly authorizationError: unknown;
  /** Bytes that came on the wire. */
  readonly bytesRead: number;
}

/** OpenSSL's verdicts on a certificate, as Node spells them (X509_V_ERR_…). */
const CERTIFICATE_REASONS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'certificate expired'],
  ['CERT_NOT_YET_VALID', 'certificate not yet valid (are both clocks right?)'],
  ['CERT_REVOKED', 'certificate revoked'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate of an unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'certificate of an unknown authority (an intermediate is missing)'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate of an unknown authority (an intermediate is missing)'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate of an unknown authority'],
  ['CERT_SIGNATURE_FAILURE', 'certificate with a wrong signature'],
  ['INVALID_PURPOSE', 'certificate not meant for a client (extended key usage), or issued by no authority'],
  ['PATH_LENGTH_EXCEEDED', 'certificate chain longer than an authority in it allows'],
  ['INVALID_CA', 'certificate issued by one that is no authority'],
  ['CRL_HAS_EXPIRED', 'revocation list of this server expired: fetch a current one'],
  ['CRL_NOT_YET_VALID', 'revocation list of this server not yet valid (is the clock right?)'],
  ['UNABLE_TO_GET_CRL', 'no revocation list of the authority that issued the certificate'],
  ['CRL_SIGNATURE_FAILURE', 'revocation list of this server has a wrong signature'],
  [
    'ISSUER_UNSEEN',
    'certificate of an intermediate authority that this version of Node does not show: name that authority in --cacert',
  ],
  // Node has no name for weak keys and hashes.
  ['UNSPECIFIED', 'certificate that OpenSSL does not accept (a weak key or hash in its chain?)'],
]);

const PROTOCOL_REASONS: ReadonlyMap<string, string> = new Map([
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'no client certificate'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'TLS version too old'],
  ['ERR_SSL_VERSION_TOO_LOW', 'TLS version too old'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no cipher suite in common'],
  ['ERR_SSL_NO_SHARED_GROUPS', 'no key exchange group in common'],
  ['ERR_SSL_NO_SUITABLE_KEY_SHARE', 'no key exchange group in common'],
  ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'no signature algorithm in common'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'no application protocol in common (HTTP/1.1 and 1.0 are spoken here)'],
  ['ERR_SSL_HTTP_REQUEST', 'plain HTTP on the TLS port: use https'],
  ['ERR_SSL_HTTPS_PROXY_REQUEST', 'proxy request on the TLS port'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'not TLS'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the peer does not trust the certificate of this server'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'the peer refuses the certificate of this server'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'the peer refuses the certificate of this server'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'the peer says the certificate of this server expired'],
]);

/** OpenSSL's name of a verdict on a certificate, or one of ours, in words. */
export function certificateReason(code: string): string {
  return CERTIFICATE_REASONS.get(code) ?? `certificate refused: ${code}`;
}

/** One reason, lower case, no full stop. */
export function handshakeReason({ error, authorizationError, bytesRead }: HandshakeFacts): string {
  const verdict =
    typeof authorizationError === 'string' ? authorizationError : systemCode(authorizationError);
  if (verdict !== '') {
    return certificateReason(verdict);
  }
  const code = systemCode(error);
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') {
    return bytesRead === 0 ? 'timeout: nothing was sent' : 'timeout: the handshake was not finished';
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return bytesRead === 0
      ? 'closed before anything was sent (a port probe?)'
      : 'closed by the peer during the handshake (it may not trust the certificate of this server)';
  }
  return PROTOCOL_REASONS.get(code) ?? `not TLS or broken TLS: ${opensslReason(error)}`;
}

/** OpenSSL's own word for it, without the addresses and source lines around. */
function opensslReason(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'reason' in error && typeof error.reason === 'string') {
    return error.reason;
  }
  return messageOf(error).split('\n')[0] ?? '';
}
