/**
 * Distinguished names (RFC 5280 §4.1.2.4) compared as OpenSSL compares them: without regard to case, to runs of
 * blanks, and to the kind of string they were written in, since authorities write their own name differently in
 * certificates and in revocation lists. Called by crl.ts and certificate-facts.ts.
 */

import { readDer } from './der.ts';

const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['550403', 'CN'],
  ['550406', 'C'],
  ['550407', 'L'],
  ['550408', 'ST'],
  ['55040a', 'O'],
  ['55040b', 'OU'],
  ['0992268993f22c640119', 'DC'],
  ['2a864886f70d010901', 'emailAddress'],
]);

export interface DistinguishedName {
  /** Equal for names that mean the same. */
  readonly key: string;
  /** `C=FR, O=Example, CN=Example CA`, for messages. */
  readonly text: string;
}

/** From the whole DER of a Name. */
export function readName(der: Buffer): DistinguishedName {
  const keys: string[] = [];
  const texts: string[] = [];
  for (const set of readDer(readDer(der)?.[0]?.value ?? Buffer.alloc(0)) ?? []) {
    const parts = (readDer(set.value) ?? []).map((attribute) => {
      const [oid, value] = readDer(attribute.value) ?? [];
      const type = oid?.value.toString('hex') ?? '';
      const text = value === undefined ? '' : stringOf(value.tag, value.value);
      const folded = text?.trim().replaceAll(/\s+/g, ' ').toLowerCase() ?? value?.raw.toString('hex') ?? '';
      texts.push(`${SHORT_NAMES.get(type) ?? type}=${text ?? folded}`);
      return `${type}=${JSON.stringify(folded)}`;
    });
    keys.push(parts.toSorted().join('+'));
  }
  return { key: keys.join(','), text: texts.length === 0 ? '(empty name)' : texts.join(', ') };
}

/** UTF8String, NumericString, PrintableString, TeletexString, IA5String, VisibleString, BMPString; else undefined. */
function stringOf(tag: number, value: Buffer): string | undefined {
  switch (tag) {
    case 0x0c:
      return value.toString('utf8');
    case 0x12:
    case 0x13:
    case 0x14:
    case 0x16:
    case 0x1a:
      return value.toString('latin1');
    case 0x1e:
      return value.length % 2 === 0 ? Buffer.from(value).swap16().toString('utf16le') : undefined;
    default:
      return undefined;
  }
}
