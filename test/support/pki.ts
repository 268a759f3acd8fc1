/**
 * Throw-away certificates for tests: a certification authority, leaves and revocation lists in a directory.
 *
 * Pure Node (WebCrypto and @peculiar/x509), so that `npm test` needs no openssl. Keys are ECDSA P-256 unless a
 * test asks for another kind. Each makePki is another authority with another name: a second one is the
 * "foreign CA" of a test. Leaves are valid from an hour ago until tomorrow unless told otherwise.
 */

import { randomBytes, webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as X509Module from '@peculiar/x509';

type X509 = typeof X509Module;
type KeyKind = 'ec' | 'ec384' | 'rsa1024' | 'rsa2048';

const HOUR = 3_600_000;
const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const EKU = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
const SAN_TYPES = { DNS: 'dns', IP: 'ip', URI: 'url', email: 'email' } as const;

export interface Issued {
  readonly certFile: string;
  readonly keyFile: string;
  readonly certPem: string;
  readonly keyPem: string;
  /** Upper-case hex, as X509Certificate#serialNumber prints it. */
  readonly serial: string;
}

export interface IssueOptions {
  /** Of the files: `<name>.crt`, `<name>.key`. */
  readonly name: string;
  /** Subject's common name; default `name`, '' for an empty subject. */
  readonly cn?: string;
  /** `DNS:localhost`, `IP:127.0.0.1`, `IP:::1`, `URI:urn:x`, `email:a@b`. None: no extension. */
  readonly san?: readonly string[];
  readonly eku?: readonly ('server' | 'client')[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly key?: KeyKind;
  /** Of the authority's signature; default SHA-256. */
  readonly digest?: 'SHA-1';
  /** By its own key instead of the authority's. */
  readonly selfSigned?: boolean;
}

export interface CrlOptions {
  readonly revoked: readonly string[];
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly der?: boolean;
  /** Says only what changed since a base list. */
  readonly delta?: boolean;
}

export interface PkiOptions {
  /** Common name of the authority; default a new one. */
  readonly cn?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Authorities below it at most. */
  readonly pathLength?: number;
  /** Its certificate does not say that it is an authority. */
  readonly noAuthority?: boolean;
}

export interface Pki {
  readonly dir: string;
  readonly caFile: string;
  readonly caPem: string;
  /** DNS:localhost, IP:127.0.0.1, IP:::1. */
  readonly server: Issued;
  /** CN and DNS:manager1. */
  readonly client: Issued;
  issue(options: IssueOptions): Promise<Issued>;
  /** Writes a new revocation list each time and returns its path. */
  crl(options: CrlOptions): Promise<string>;
  /** Upper-case hex. */
  readonly caSerial: string;
  /** An authority below this one, in a directory of its own. */
  intermediate(name: string, options?: PkiOptions): Promise<Pki>;
}

/** An authority's own certificate is signed by itself, or by the one above. */
interface Above {
  readonly issuer: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** The library's dependency container wants decorator metadata; this is all of it that it calls. */
export async function loadX509(): Promise<X509> {
  if (!('getOwnMetadata' in Reflect)) {
    const all = new WeakMap<object, Map<unknown, unknown>>();
    const get = (key: unknown, target: object): unknown => all.get(target)?.get(key);
    const define = (key: unknown, value: unknown, target: object): void => {
      const own = all.get(target) ?? new Map<unknown, unknown>();
      all.set(target, own.set(key, value));
    };
    Object.assign(Reflect, { getMetadata: get, getOwnMetadata: get, defineMetadata: define });
  }
  return await import('@peculiar/x509');
}

async function generateKeys(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
  const algorithm =
    kind === 'ec' || kind === 'ec384'
      ? { name: 'ECDSA', namedCurve: kind === 'ec' ? 'P-256' : 'P-384' }
      : {
          name: 'RSASSA-PKCS1-v1_5',
          hash: 'SHA-256',
          publicExponent: new Uint8Array([1, 0, 1]),
          modulusLength: kind === 'rsa1024' ? 1024 : 2048,
        };
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

export function pem(label: string, der: ArrayBuffer): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/** Positive and without a leading zero, so that every program prints it alike. */
function newSerial(): string {
  const bytes = randomBytes(10);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex').toUpperCase();
}

function generalName(text: string): { type: 'dns' | 'ip' | 'url' | 'email'; value: string } {
  const colon = text.indexOf(':');
  const type = text.slice(0, colon);
  if (type !== 'DNS' && type !== 'IP' && type !== 'URI' && type !== 'email') {
    throw new Error(`subject alternative name without a known type: ${text}`);
  }
  return { type: SAN_TYPES[type], value: text.slice(colon + 1) };
}

/** A new certification authority in `dir` (made when missing) with a server's and a client's certificate. */
export async function makePki(dir: string, options: PkiOptions = {}): Promise<Pki> {
  return await makeAuthority(dir, options);
}

async function makeAuthority(dir: string, authority: PkiOptions, above?: Above): Promise<Pki> {
  const x509 = await loadX509();
  mkdirSync(dir, { recursive: true });
  const issuer = `CN=${authority.cn ?? `Test CA ${randomBytes(6).toString('hex')}`}`;
  const caKeys = await generateKeys('ec');
  const caSerial = newSerial();
  const ca = await x509.X509CertificateGenerator.create({
    serialNumber: caSerial,
    issuer: above?.issuer ?? issuer,
    subject: issuer,
    notBefore: authority.notBefore ?? new Date(Date.now() - 365 * 24 * HOUR),
    notAfter: authority.notAfter ?? new Date(Date.now() + 365 * 24 * HOUR),
    signingAlgorithm: SIGNING,
    publicKey: caKeys.publicKey,
    signingKey: (above?.keys ?? caKeys).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(authority.noAuthority !== true, authority.pathLength, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
      ...(above === undefined
        ? []
        : [await x509.AuthorityKeyIdentifierExtension.create(above.keys.publicKey)]),
    ],
  });
  const authorityKeyId = await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey);
  const caPem = pem('CERTIFICATE', ca.rawData);
  const caFile = join(dir, 'CA.crt');
  writeFileSync(caFile, caPem);
  let lists = 0;

  async function issue(options: IssueOptions): Promise<Issued> {
    const keys = await generateKeys(options.key ?? 'ec');
    const serial = newSerial();
    const cn = options.cn ?? options.name;
    const extensions: InstanceType<X509['Extension']>[] = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...(options.selfSigned === true ? [] : [authorityKeyId]),
    ];
    if (options.san !== undefined && options.san.length > 0) {
      extensions.push(new x509.SubjectAlternativeNameExtension(options.san.map(generalName), cn === ''));
    }
    if (options.eku !== undefined) {
      extensions.push(new x509.ExtendedKeyUsageExtension(options.eku.map((usage) => EKU[usage])));
    }
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      issuer: options.selfSigned === true ? `CN=${cn}` : issuer,
      subject: cn === '' ? [] : [{ CN: [cn] }],
      notBefore: options.notBefore ?? new Date(Date.now() - HOUR),
      notAfter: options.notAfter ?? new Date(Date.now() + 24 * HOUR),
      signingAlgorithm: { ...SIGNING, hash: options.digest ?? SIGNING.hash },
      publicKey: keys.publicKey,
      signingKey: (options.selfSigned === true ? keys : caKeys).privateKey,
      extensions,
    });
    const certPem = pem('CERTIFICATE', certificate.rawData);
    const keyPem = pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    const certFile = join(dir, `${options.name}.crt`);
    const keyFile = join(dir, `${options.name}.key`);
    writeFileSync(certFile, certPem);
    writeFileSync(keyFile, keyPem, { mode: 0o600 });
    return { certFile, keyFile, certPem, keyPem, serial };
  }

  async function crl(options: CrlOptions): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer,
      thisUpdate: options.thisUpdate ?? new Date(Date.now() - HOUR),
      nextUpdate: options.nextUpdate ?? new Date(Date.now() + 24 * HOUR),
      signingAlgorithm: SIGNING,
      signingKey: caKeys.privateKey,
      entries: options.revoked.map((serialNumber) => ({
        serialNumber,
        revocationDate: new Date(Date.now() - HOUR),
      })),
      extensions: [
        authorityKeyId,
        // deltaCRLIndicator with base number 1 (RFC 5280 §5.2.4).
        ...(options.delta === true ? [new x509.Extension('2.5.29.27', true, Buffer.from([2, 1, 1]))] : []),
      ],
    });
    lists += 1;
    const file = join(dir, `crl-${lists}.${options.der === true ? 'der' : 'pem'}`);
    writeFileSync(file, options.der === true ? Buffer.from(list.rawData) : pem('X509 CRL', list.rawData));
    return file;
  }

  const server = await issue({
    name: 'server',
    cn: 'localhost',
    san: ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'],
    eku: ['server'],
  });
  const client = await issue({ name: 'client', cn: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
  const intermediate = async (name: string, below: PkiOptions = {}): Promise<Pki> =>
    await makeAuthority(join(dir, name), below, { issuer, keys: caKeys });
  return { dir, caFile, caPem, caSerial, server, client, issue, crl, intermediate };
}
