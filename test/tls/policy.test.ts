/** `--tls-policy` and `--ciphers` → what node:tls is given, and what a handshake makes of it. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import type { TlsPolicy } from '../../src/core/settings.ts';
import { tlsParameters } from '../../src/tls/policy.ts';
import { makePki } from '../support/pki.ts';
import type { Pki } from '../support/pki.ts';
import { until } from '../support/until.ts';

let pki: Pki;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

/** Protocol and suite a client with these ciphers gets, or undefined when refused. */
async function handshake(
  policy: TlsPolicy,
  version: 'TLSv1.2' | 'TLSv1.3',
  ciphers: string,
): Promise<string | undefined> {
  const { parameters } = tlsParameters({ policy });
  const server = createServer({ cert: pki.server.certPem, key: pki.server.keyPem, ...parameters }).listen(
    0,
    '127.0.0.1',
  );
  server.on('tlsClientError', () => undefined);
  await until(() => server.listening);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const result = await new Promise<string | undefined>((resolve) => {
    const options = {
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ca: pki.caPem,
      minVersion: version,
      maxVersion: version,
      ciphers,
    };
    const socket = connect(options, () => {
      resolve(socket.getCipher().name);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
  });
  server.close();
  return result;
}

test('policies in a handshake', async () => {
  const rows = [
    ['anssi', 'TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', true],
    ['anssi', 'TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305', true],
    ['anssi', 'TLSv1.2', 'ECDHE-ECDSA-AES128-CCM', true],
    ['anssi', 'TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384', false],
    ['anssi', 'TLSv1.2', 'ECDHE-ECDSA-AES128-SHA', false],
    ['anssi', 'TLSv1.3', 'TLS_AES_128_CCM_SHA256', true],
    ['intermediate', 'TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256', true],
    ['intermediate', 'TLSv1.2', 'ECDHE-ECDSA-AES128-CCM', false],
    ['intermediate', 'TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256', true],
    ['modern', 'TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', false],
    ['modern', 'TLSv1.3', 'TLS_AES_256_GCM_SHA384', true],
  ] as const;
  for (const [policy, version, suite, accepted] of rows) {
    assert.equal(
      await handshake(policy, version, suite),
      accepted ? suite : undefined,
      `${policy} ${version} ${suite}`,
    );
  }
});

test('--ciphers: unknown suites are named, the rest is used, nothing left is an error', () => {
  const list = 'ECDHE-RSA-AES256-GCM-SHA384:NO-SUCH-SUITE:!aNULL:@STRENGTH,ECDHE-RSA-NOPE HIGH';
  const { parameters, warnings } = tlsParameters({ policy: 'anssi', ciphers: list });
  assert.match(
    parameters.ciphers,
    /^TLS_AES_256_GCM_SHA384:.*:ECDHE-RSA-AES256-GCM-SHA384:!aNULL:@STRENGTH:HIGH$/,
  );
  assert.deepEqual(warnings, [
    '--ciphers names suites this OpenSSL does not know, they are skipped: NO-SUCH-SUITE, ECDHE-RSA-NOPE',
  ]);
  for (const ciphers of ['NO-SUCH-SUITE', '', '!HIGH', ':::']) {
    assert.throws(() => tlsParameters({ policy: 'anssi', ciphers }), { code: 'CONFIG' }, ciphers);
  }
  assert.equal(
    tlsParameters({ policy: 'anssi', ciphers: 'TLS_AES_128_GCM_SHA256' }).parameters.ciphers,
    'TLS_AES_128_GCM_SHA256',
  );
  assert.deepEqual(tlsParameters({ policy: 'modern', ciphers: 'HIGH' }).warnings, [
    '--ciphers has no effect with --tls-policy modern (TLS 1.3 only)',
  ]);
});
