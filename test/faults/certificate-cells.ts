/**
 * The certificate matrix of R14: each cell is what both sides are given and what each must say. Run by r14-certificates.ts
 * with the built programs, once on TLS 1.2 and once on 1.3.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makePki, type Issued, type Pki } from '../support/pki.ts';

/** Files of one side; what is not said is the good one of the world. */
export interface SideFiles {
  readonly as?: Pick<Issued, 'certFile' | 'keyFile'>;
  readonly ca?: string;
  readonly crl?: string;
  readonly flags?: readonly string[];
}

export interface Cell {
  readonly name: string;
  readonly sensor?: SideFiles;
  readonly poller?: SideFiles;
  /** Of http-proxy. */
  readonly exit: number;
  /** A line of http-proxy; undefined: it says nothing about certificates. */
  readonly pollerSays?: RegExp;
  /** A line of reverse-server; undefined: it refuses nobody. */
  readonly sensorSays?: RegExp;
  /** reverse-server does not start, with this exit code. */
  readonly sensorExit?: number;
}

const HOUR = 3_600_000;
const REFUSED_US =
  /closed the connection without an answer|refused our certificate|closed the connection during the TLS/;
/** OpenSSL's security level 2 is the default. */
const MODERN = Number(process.versions.node.split('.')[0]) >= 24;

export async function certificateCells(pki: Pki, dir: string): Promise<readonly Cell[]> {
  const ago = (hours: number): Date => new Date(Date.now() - hours * HOUR);
  const past = { notBefore: ago(50), notAfter: ago(2) };
  const early = { notBefore: ago(-2), notAfter: ago(-50) };
  const stale = { thisUpdate: ago(50), nextUpdate: ago(2) };
  const client = { san: ['DNS:manager1'], eku: ['client'] } as const;
  const server = { san: ['DNS:localhost'], eku: ['server'] } as const;
  const join2 = (name: string, ...files: readonly string[]): string => {
    const path = join(dir, name);
    writeFileSync(path, files.map((file) => readFileSync(file, 'utf8')).join(''));
    return path;
  };
  const withChain = (leaf: Issued, ...above: readonly Pki[]): NonNullable<SideFiles['as']> => ({
    certFile: join2(`chain-${leaf.serial}.crt`, leaf.certFile, ...above.map(({ caFile }) => caFile)),
    keyFile: leaf.keyFile,
  });

  const foreign = await makePki(join(dir, 'foreign'));
  const namesake = await makePki(join(dir, 'namesake'), { cn: commonNameOf(pki) });
  const middle = await pki.intermediate('middle');
  const expiredMiddle = await pki.intermediate('expired-middle', past);
  const shallow = await pki.intermediate('shallow', { pathLength: 0 });
  const deep = await shallow.intermediate('deep');
  const pretender = await pki.intermediate('pretender', { noAuthority: true });
  const rootList = await pki.crl({ revoked: [] });
  const middleList = await middle.crl({ revoked: [] });
  const revoked = await pki.issue({ name: 'revoked', cn: 'manager1', ...client });
  const revokedServer = await pki.issue({ name: 'revoked-server', cn: 'localhost', ...server });
  const revoking = [revoked.serial, revokedServer.serial];
  const list = await pki.crl({ revoked: revoking });
  const staleList = await pki.crl({ revoked: revoking, ...stale });
  const bothLists = join2('both.crl', rootList, middleList);
  const issue = async (name: string, more: Partial<Parameters<Pki['issue']>[0]>): Promise<Issued> =>
    await pki.issue({ name, cn: name.includes('server') ? 'localhost' : 'manager1', ...client, ...more });

  const unknown = /TLS handshake refused: certificate of an unknown authority/;
  const cells: Cell[] = [
    { name: 'good', exit: 0 },
    { name: 'good, with a list', sensor: { crl: list }, poller: { crl: list }, exit: 0 },
    {
      name: 'poller expired',
      poller: { as: await issue('expired', past) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate expired$/,
    },
    {
      name: 'poller not yet valid',
      poller: { as: await issue('early', early) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate not yet valid/,
    },
    {
      name: 'poller of another authority',
      poller: { as: foreign.client },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: unknown,
    },
    {
      name: 'poller self-signed',
      poller: { as: await issue('self', { selfSigned: true }) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: self-signed certificate$/,
    },
    {
      name: 'poller with a certificate for servers',
      poller: { as: await issue('wrong-use', { eku: ['server'] }) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate not meant for a client \(extended key usage\)/,
    },
    {
      name: 'poller revoked',
      sensor: { crl: list },
      poller: { as: revoked },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate revoked$/,
    },
    {
      name: 'poller revoked, DER list',
      sensor: { crl: await pki.crl({ revoked: revoking, der: true }) },
      poller: { as: revoked },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate revoked$/,
    },
    { name: 'intermediate sent', poller: { as: withChain(middle.client, middle) }, exit: 0 },
    {
      name: 'intermediate sent, both lists',
      sensor: { crl: bothLists },
      poller: { as: withChain(middle.client, middle) },
      exit: 0,
    },
    {
      name: 'intermediate missing',
      poller: { as: middle.client },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: unknown,
    },
    {
      name: 'intermediate held by the sensor',
      sensor: { ca: join2('two.crt', pki.caFile, middle.caFile) },
      poller: { as: middle.client },
      exit: 0,
    },
    {
      name: 'intermediate revoked',
      sensor: { crl: join2('revoked-middle.crl', await pki.crl({ revoked: [middle.caSerial] }), middleList) },
      poller: { as: withChain(middle.client, middle) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate revoked$/,
    },
    {
      name: 'no list of the intermediate',
      sensor: { crl: rootList },
      poller: { as: withChain(middle.client, middle) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: no revocation list of the authority/,
    },
    {
      name: 'intermediate expired',
      poller: { as: withChain(expiredMiddle.client, expiredMiddle) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate expired$/,
    },
    {
      name: 'chain too deep',
      poller: { as: withChain(deep.client, deep, shallow) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate chain longer than an authority in it allows$/,
    },
    {
      name: 'issued by no authority',
      poller: { as: withChain(pretender.client, pretender) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate not meant for a client .*, or issued by no authority$/,
    },
    {
      name: 'poller with RSA 1024',
      poller: { as: await issue('rsa1024', { key: 'rsa1024' }) },
      exit: MODERN ? 78 : 0,
      pollerSays: MODERN
        ? /--cert .* is refused by OpenSSL: .*ee key too small/
        : /has a 1024 bit RSA key, which Node 24/,
    },
    {
      name: 'poller signed with SHA-1',
      poller: { as: await issue('sha1', { digest: 'SHA-1' }) },
      exit: MODERN ? 76 : 78,
      pollerSays: MODERN ? REFUSED_US : /--cert .* is refused by OpenSSL: .*ca md too weak/,
      ...(MODERN ? { sensorSays: /TLS handshake refused: certificate that OpenSSL does not accept/ } : {}),
    },
    {
      name: 'list past its end',
      sensor: { crl: staleList },
      exit: 0,
      // The sensor's own alert about it.
      pollerSays: /: 1 fetched, 1 forwarded/,
      sensorSays: /should have been renewed by .*; it stays in force/,
    },
    {
      name: 'list past its end, poller revoked',
      sensor: { crl: staleList },
      poller: { as: revoked },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: certificate revoked$/,
    },
    {
      name: 'list past its end, strict',
      sensor: { crl: staleList, flags: ['--crl-strict'] },
      exit: 69,
      sensorExit: 78,
      sensorSays: /--crl .* expired on .*: every peer would be refused/,
    },
    {
      name: 'list of tomorrow',
      sensor: { crl: await pki.crl({ revoked: [], thisUpdate: ago(-2) }) },
      exit: 69,
      sensorExit: 78,
      sensorSays: /--crl .* is not valid before/,
    },
    {
      name: 'forged list',
      sensor: { crl: await namesake.crl({ revoked: [] }) },
      exit: 69,
      sensorExit: 78,
      sensorSays: /is not signed by the key of that authority/,
    },
    {
      name: 'delta list',
      sensor: { crl: await pki.crl({ revoked: [], delta: true }) },
      exit: 69,
      sensorExit: 78,
      sensorSays: /is a delta list/,
    },
    {
      name: 'list of another authority',
      sensor: { crl: await foreign.crl({ revoked: [] }) },
      exit: 76,
      pollerSays: REFUSED_US,
      sensorSays: /TLS handshake refused: no revocation list of the authority/,
    },
    {
      name: 'key of another certificate',
      sensor: { as: { certFile: pki.server.certFile, keyFile: pki.client.keyFile } },
      exit: 69,
      sensorExit: 78,
      sensorSays: /--key .* does not match the certificate/,
    },
    {
      name: 'sensor expired',
      sensor: { as: await issue('server-expired', { ...server, ...past }) },
      exit: 76,
      pollerSays: /shows a certificate that ended/,
      sensorSays: /our certificate .* ended on/,
    },
    {
      name: 'sensor not yet valid',
      sensor: { as: await issue('server-early', { ...server, ...early }) },
      exit: 76,
      pollerSays: /shows a certificate that is not valid yet/,
      sensorSays: /--cert .* is not valid before/,
    },
    {
      name: 'sensor of another authority',
      sensor: { as: foreign.server },
      exit: 76,
      pollerSays: /shows a certificate whose issuer \(Test CA .*\) is not in/,
    },
    {
      name: 'sensor self-signed',
      sensor: { as: await issue('server-self', { ...server, selfSigned: true }) },
      exit: 76,
      pollerSays: /shows a self-signed certificate/,
    },
    {
      name: 'sensor of another name',
      sensor: { as: await issue('server-other', { ...server, san: ['DNS:dmz2.example'] }) },
      exit: 76,
      pollerSays: /shows a certificate for dmz2\.example, not for localhost/,
    },
    {
      name: 'sensor of another name, which is named',
      sensor: { as: await issue('server-named', { ...server, san: ['DNS:dmz2.example'] }) },
      poller: { flags: ['--sensor-name', 'dmz2.example'] },
      exit: 0,
    },
    {
      name: 'sensor with a common name only',
      sensor: { as: await issue('server-cn', { ...server, san: [] }) },
      exit: 0,
    },
    {
      name: 'sensor with a certificate for clients',
      sensor: { as: await issue('server-wrong-use', { ...server, eku: ['client'] }) },
      exit: 76,
      pollerSays: /shows a certificate that is not meant for servers/,
      sensorSays: /--cert .* is not meant for a server/,
    },
    { name: 'sensor sends its intermediate', sensor: { as: withChain(middle.server, middle) }, exit: 0 },
    {
      name: 'sensor sends its intermediate, poller has both lists',
      sensor: { as: withChain(middle.server, middle) },
      poller: { crl: bothLists },
      exit: 0,
    },
    {
      name: 'sensor lacks its intermediate',
      sensor: { as: middle.server },
      exit: 76,
      pollerSays: /shows a certificate whose issuer \(Test CA .*\) is not in/,
    },
    {
      name: 'sensor revoked',
      sensor: { as: revokedServer },
      poller: { crl: list },
      exit: 76,
      pollerSays: /shows a certificate that has been revoked/,
    },
    {
      name: 'sensor revoked by a list past its end',
      sensor: { as: revokedServer },
      poller: { crl: staleList },
      exit: 76,
      pollerSays: /shows a certificate that has been revoked/,
    },
    {
      name: "the poller's list past its end",
      poller: { crl: staleList },
      exit: 0,
      pollerSays: /should have been renewed by .*; it stays in force/,
    },
    {
      name: "the poller's list past its end, strict",
      poller: { crl: staleList, flags: ['--crl-strict'] },
      exit: 78,
      pollerSays: /--crl .* expired on .*: every peer would be refused/,
    },
    {
      name: "the poller's list is of another authority",
      poller: { crl: await foreign.crl({ revoked: [] }) },
      exit: 76,
      pollerSays: /cannot be checked for revocation \(UNABLE_TO_GET_CRL\)/,
    },
  ];
  return cells;
}

function commonNameOf(pki: Pki): string {
  const text = Buffer.from(pki.caPem.replaceAll(/-----[^-]+-----|\n/g, ''), 'base64').toString('latin1');
  return /Test CA [0-9a-f]{12}/.exec(text)?.[0] ?? '';
}
