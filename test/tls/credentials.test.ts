/** TLS files → credentials, or the fault with option, file and reason. */

import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TlsSettings } from '../../src/core/settings.ts';
import { loadCredentials } from '../../src/tls/credentials.ts';
import { makePki } from '../support/pki.ts';
import type { Pki } from '../support/pki.ts';

let pki: Pki;
let foreign: Pki;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(join(dir, 'own'));
  foreign = await makePki(join(dir, 'foreign'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function settings(changes: Partial<TlsSettings> = {}): TlsSettings {
  const { certFile, keyFile } = pki.server;
  return { certFile, keyFile, caFile: pki.caFile, policy: 'anssi', ...changes };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

test('good files', async () => {
  const credentials = loadCredentials(settings({ crlFile: await pki.crl({ revoked: [] }) }), {
    purpose: 'server',
  });
  assert.equal(credentials.certificate.serialNumber, pki.server.serial);
  assert.equal(credentials.ca.length, 1);
  assert.equal(credentials.lists.length, 1);
  assert.deepEqual(credentials.warnings, []);
});

test('a chain, several authorities, text around the blocks and DER lists', async () => {
  const chain = file('chain.pem', `subject=x\n${pki.server.certPem}\n# CA\n${pki.caPem}`);
  const both = file('both.pem', pki.caPem + foreign.caPem);
  const lists = [await pki.crl({ revoked: [] }), await foreign.crl({ revoked: [] })];
  const crlFile = file('lists.pem', lists.map((path) => readFileSync(path, 'utf8')).join(''));
  const credentials = loadCredentials(settings({ certFile: chain, caFile: both, crlFile }));
  assert.equal(credentials.ca.length, 2);
  assert.equal(credentials.lists.length, 2);
  assert.equal(credentials.cert.match(/BEGIN CERTIFICATE/g)?.length, 2);
  assert.deepEqual(credentials.warnings, []);
  const der = loadCredentials(settings({ crlFile: await pki.crl({ revoked: [], der: true }) }));
  assert.equal(der.lists.length, 1);
});

test('each fault names option, file and reason', async () => {
  const hour = 3_600_000;
  const key = createPrivateKey(pki.server.keyPem);
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' });
  const traditional =
    '-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n';
  const der = new X509Certificate(pki.server.certPem).raw;
  const folder = join(dir, 'folder');
  mkdirSync(folder);
  const damaged = pki.server.certPem.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  const swapped = file('swapped.pem', pki.caPem + pki.server.certPem);
  const rows: readonly (readonly [Partial<TlsSettings>, RegExp])[] = [
    [{ certFile: '/nowhere.crt' }, /^--cert \/nowhere\.crt does not exist$/],
    [{ keyFile: '/nowhere.key' }, /^--key \/nowhere\.key does not exist$/],
    [{ caFile: '/nowhere.ca' }, /^--cacert \/nowhere\.ca does not exist$/],
    [{ crlFile: '/nowhere.crl' }, /^--crl \/nowhere\.crl does not exist$/],
    [{ certFile: folder }, /^--cert .*folder is a directory$/],
    [{ certFile: file('cert.der', der) }, /^--cert .*cert\.der is not PEM$/],
    [{ certFile: pki.server.keyFile }, /^--cert .*server\.key holds no certificate$/],
    [{ certFile: file('damaged.pem', damaged) }, /^--cert .*damaged\.pem: certificate 1 is damaged: /],
    [{ certFile: file('empty.pem', '') }, /^--cert .*empty\.pem holds no certificate$/],
    [{ caFile: file('empty.ca', '\n') }, /^--cacert .*empty\.ca holds no certificate$/],
    [{ keyFile: pki.server.certFile }, /^--key .*server\.crt holds no private key$/],
    [{ keyFile: file('encrypted.key', encrypted) }, /^--key .*encrypted\.key is encrypted/],
    [{ keyFile: file('traditional.key', traditional) }, /^--key .*traditional\.key is encrypted/],
    [
      { keyFile: pki.client.keyFile },
      /^--key .*client\.key does not match the certificate in .*server\.crt$/,
    ],
    [{ certFile: swapped }, /^--key .*server\.key does not match the certificate in .*swapped\.pem$/],
    [{ crlFile: pki.caFile }, /^--crl .*CA\.crt is not a certificate revocation list$/],
    [{ crlFile: file('noise.crl', 'noise') }, /^--crl .*noise\.crl is not a certificate revocation list$/],
    [
      {
        crlStrict: true,
        crlFile: await pki.crl({
          revoked: [],
          thisUpdate: new Date(0),
          nextUpdate: new Date(Date.now() - hour),
        }),
      },
      /^--crl .*\.pem expired on 20\d\d-.*: every peer would be refused$/,
    ],
    [
      { crlFile: await pki.crl({ revoked: [], thisUpdate: new Date(Date.now() + hour) }) },
      /^--crl .*\.pem is not valid before 20\d\d-.*: every peer would be refused$/,
    ],
  ];
  for (const [changes, message] of rows) {
    assert.throws(() => loadCredentials(settings(changes)), { code: 'TLS_FILE', message }, String(message));
  }
  assert.throws(() => loadCredentials(settings({ certFile: '/nowhere' }), { optionPrefix: 'manager-' }), {
    message: '--manager-cert /nowhere does not exist',
  });
});

test(
  'an unreadable file names the user',
  { skip: process.geteuid?.() === 0 && 'root reads everything' },
  () => {
    const path = file('locked.key', pki.server.keyPem);
    chmodSync(path, 0o000);
    assert.throws(() => loadCredentials(settings({ keyFile: path })), {
      message: /may not be read by user id \d+$/,
    });
  },
);

test('what only the other side can judge is a warning', async () => {
  const day = 86_400_000;
  const expired = await pki.issue({
    name: 'expired',
    notBefore: new Date(Date.now() - 2 * day),
    notAfter: new Date(Date.now() - day),
  });
  const rows: readonly (readonly [Partial<TlsSettings>, RegExp])[] = [
    [
      { certFile: expired.certFile, keyFile: expired.keyFile },
      /^--cert .*expired\.crt expired on 20\d\d-\d\d-\d\d$/,
    ],
    [
      { certFile: pki.client.certFile, keyFile: pki.client.keyFile },
      /^--cert .*client\.crt is not meant for a server/,
    ],
    [
      { caFile: file('two.pem', pki.caPem + foreign.caPem), crlFile: await pki.crl({ revoked: [] }) },
      /^--crl .* has no list of CN=Test CA [0-9a-f]+: certificates of that authority will be refused$/,
    ],
    [{ keyFile: openToAll() }, /^--key .*open\.key can be read by every user of this host: chmod o-rwx$/],
  ];
  for (const [changes, warning] of rows) {
    const { warnings } = loadCredentials(settings(changes), { purpose: 'server' });
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0] ?? '', warning);
  }
});

function openToAll(): string {
  const path = file('open.key', pki.server.keyPem);
  chmodSync(path, 0o644);
  return path;
}

test('a short RSA key is told before a newer OpenSSL refuses it', async () => {
  const weak = await pki.issue({ name: 'weak', key: 'rsa1024' });
  const files = settings({ certFile: weak.certFile, keyFile: weak.keyFile });
  try {
    const { warnings } = loadCredentials(files);
    assert.match(warnings.join('\n'), /has a 1024 bit RSA key, which Node 24 and later refuse/);
  } catch (error) {
    assert.match(String(error), /--cert .*weak\.crt is refused by OpenSSL: .*too small/);
  }
});
