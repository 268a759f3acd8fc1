/**
 * certs/make-test-pki with the system's openssl: what it makes is a PKI our programs and curl accept, its keys are
 * private, and it never overwrites. In CI a missing openssl is a failure, elsewhere a skip with the reason.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { tempDir } from '../support/temp-dir.ts';
import { projectRoot } from '../tools/source-files.ts';

const script = join(projectRoot(), 'certs/make-test-pki');
const missing = spawnSync('openssl', ['version']).status !== 0 && !process.env['CI'];

function make(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('sh', [script, ...args], { encoding: 'utf8' });
}

describe('make-test-pki', { skip: missing && 'openssl is not installed' }, () => {
  test('makes a PKI that holds together', (t) => {
    const dir = join(tempDir(t), 'pki');
    const { status, stderr } = make(dir, 'sensor1.example', '192.0.2.7', '2001:db8::7');
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(readdirSync(dir).toSorted(), [
      'CA.crl',
      'CA.crt',
      'CA.key',
      'client.crt',
      'client.key',
      'server.crt',
      'server.key',
    ]);
    const certificate = (name: string): X509Certificate => new X509Certificate(readFileSync(join(dir, name)));
    const [ca, server, client] = [
      certificate('CA.crt'),
      certificate('server.crt'),
      certificate('client.crt'),
    ];
    for (const leaf of [server, client]) {
      assert.ok(leaf.verify(ca.publicKey));
      assert.equal(leaf.publicKey.asymmetricKeyType, 'ec');
      const days = (Date.parse(leaf.validTo) - Date.now()) / 86_400_000;
      assert.ok(days > 28 && days < 31, String(days));
    }
    assert.equal(server.checkHost('sensor1.example'), 'sensor1.example');
    assert.equal(server.checkIP('192.0.2.7'), '192.0.2.7');
    assert.deepEqual(
      server.subjectAltName,
      'DNS:sensor1.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7',
    );
    assert.equal(client.subjectAltName, 'DNS:manager.example');
    for (const name of ['CA.key', 'server.key', 'client.key']) {
      assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name);
    }
    const verified = spawnSync(
      'openssl',
      ['verify', '-crl_check', '-CAfile', 'CA.crt', '-CRLfile', 'CA.crl', 'server.crt', 'client.crt'],
      { cwd: dir, encoding: 'utf8' },
    );
    assert.equal(verified.stdout, 'server.crt: OK\nclient.crt: OK\n');
  });

  test('never overwrites', (t) => {
    const dir = tempDir(t);
    assert.equal(make(dir).status, 0);
    const before = readFileSync(join(dir, 'CA.key'));
    const again = make(dir);
    assert.equal(again.status, 73);
    assert.equal(again.stderr, `make-test-pki: error: ${dir}/CA.crt exists; nothing was changed\n`);
    assert.deepEqual(readFileSync(join(dir, 'CA.key')), before);
  });

  test('says how to call it', () => {
    const { status, stderr } = make();
    assert.deepEqual([status, stderr], [64, 'usage: make-test-pki DIR [NAME…]\n']);
  });
});
