/**
 * Who the other side is: typed names out of its verified certificate. Called once per connection by
 * src/sensor/connection.ts; matched against names the operator gave by roles.ts.
 *
 * Only DNS, URI and email names of the subject alternative name count (RFC 6125 §1.8); the common name is
 * used where there is no such extension at all. Node quotes a name that could be taken for two, and only a
 * parser that knows the quotes may split the list, or `DNS:a, DNS:b` inside one name would be two.
 */

import type { X509Certificate } from 'node:crypto';

export interface PeerIdentity {
  /** For people and logs: the first typed name's value, or the certificate's fingerprint. */
  readonly name: string;
  /** `DNS:manager1`, `URI:urn:x`, `email:a@b`, or one `CN:manager1` where there is no alternative name. */
  readonly names: readonly string[];
  /** Same for each certificate of the peer, a renewed one included. Leases are bound to it. */
  readonly key: string;
  /** Upper-case hex. */
  readonly serial: string;
}

/** Node's words for the types of RFC 5280 §4.2.1.6 → ours. The others name no program. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['DNS', 'DNS'],
  ['URI', 'URI'],
  ['email', 'email'],
]);

/** The identity in a certificate that the TLS layer has verified. */
export function peerIdentity(certificate: X509Certificate): PeerIdentity {
  const alternative = certificate.subjectAltName;
  const names = alternative === undefined ? commonName(certificate) : parseAlternativeName(alternative);
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const [first] = names;
  return {
    name:
      first === undefined ? `certificate ${fingerprint.slice(0, 16)}` : first.slice(first.indexOf(':') + 1),
    names,
    key: names.length === 0 ? `sha256:${fingerprint}` : names.toSorted().join('\n'),
    serial: certificate.serialNumber,
  };
}

/**
 * `DNS:a, URI:"b\u002c c"` as Node prints it: entries joined by `, `, a value that holds anything doubtful as
 * a JSON string. The typed names of it; none when the text is not of that form.
 */
export function parseAlternativeName(text: string): readonly string[] {
  const names: string[] = [];
  const entry = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
  while (entry.lastIndex < text.length) {
    const match = entry.exec(text);
    if (match === null) {
      return [];
    }
    const [, type = '', raw = ''] = match;
    const value = unquote(raw);
    const known = TYPES.get(type);
    if (value === undefined) {
      return [];
    }
    if (known !== undefined && value !== '') {
      names.push(`${known}:${value}`);
    }
  }
  return names;
}

function unquote(raw: string): string | undefined {
  if (!raw.startsWith('"')) {
    return raw;
  }
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A certificate with several common names has none that could be relied on. */
function commonName(certificate: X509Certificate): readonly string[] {
  const value: unknown = certificate.toLegacyObject().subject?.CN;
  return typeof value === 'string' && value !== '' ? [`CN:${value}`] : [];
}
