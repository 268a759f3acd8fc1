/** Certificate → identity → rights and consumer. Exact, typed, and not to be fooled by quoted names. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseAlternativeName, peerIdentity } from '../../src/tls/peer.ts';
import type { PeerIdentity } from '../../src/tls/peer.ts';
import { createConsumerLookup, createRoles } from '../../src/tls/roles.ts';
import { makePki } from '../support/pki.ts';
import type { IssueOptions, Pki } from '../support/pki.ts';

let pki: Pki;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function identity(options: Omit<IssueOptions, 'name'>): Promise<PeerIdentity> {
  return peerIdentity(new X509Certificate((await pki.issue({ name: 'peer', ...options })).certPem));
}

test('names of certificates', async () => {
  const rows: readonly (readonly [Omit<IssueOptions, 'name'>, readonly string[], string])[] = [
    [
      { cn: 'm', san: ['DNS:manager1', 'URI:urn:x:y', 'email:a@b.c'] },
      ['DNS:manager1', 'URI:urn:x:y', 'email:a@b.c'],
      'manager1',
    ],
    [{ cn: 'manager1' }, ['CN:manager1'], 'manager1'],
    [{ cn: 'manager1', san: ['IP:192.0.2.1'] }, [], ''],
    [{ cn: 'a, DNS:b' }, ['CN:a, DNS:b'], 'a, DNS:b'],
    [{ cn: '', san: ['DNS:a, DNS:manager1'] }, ['DNS:a, DNS:manager1'], 'a, DNS:manager1'],
    [
      { cn: '', san: ['URI:x", DNS:manager1, URI:"'] },
      ['URI:x", DNS:manager1, URI:"'],
      'x", DNS:manager1, URI:"',
    ],
  ];
  for (const [options, names, name] of rows) {
    const found = await identity(options);
    assert.deepEqual(found.names, names);
    if (name !== '') assert.equal(found.name, name);
    else assert.match(found.name, /^certificate [0-9a-f]{16}$/);
  }
});

test('a renewed certificate has the same key, another one does not', async () => {
  const one = await identity({ cn: 'x', san: ['DNS:a', 'DNS:b'] });
  assert.equal((await identity({ cn: 'y', san: ['DNS:b', 'DNS:a'] })).key, one.key);
  assert.notEqual((await identity({ cn: 'x', san: ['DNS:a'] })).key, one.key);
  assert.notEqual((await identity({ san: ['IP:::1'] })).key, (await identity({ san: ['IP:::1'] })).key);
});

test('alternative names as Node prints them', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['DNS:a', ['DNS:a']],
    ['DNS:a, IP Address:192.0.2.1, URI:urn:x', ['DNS:a', 'URI:urn:x']],
    ['DNS:"a\\u002c DNS:b", email:c@d', ['DNS:a, DNS:b', 'email:c@d']],
    ['DirName:"CN=x\\u002cO=y", DNS:z', ['DNS:z']],
    ['othername:<unsupported>, DNS:z', ['DNS:z']],
    ['DNS:"unterminated', []],
    ['DNS:a"b, DNS:c', []],
    ['', []],
  ];
  for (const [text, names] of rows) {
    assert.deepEqual(parseAlternativeName(text), names, text);
  }
});

function peer(...names: readonly string[]): PeerIdentity {
  return { name: names[0] ?? 'nobody', names, key: names.join('\n'), serial: '01' };
}

test('rights', () => {
  const all = { poller: true, producer: true, monitor: true };
  const none = { poller: false, producer: false, monitor: false };
  const rows = [
    [{}, peer('DNS:any'), { ...none, poller: true }],
    [{}, peer(), { ...none, poller: true }],
    [{ poller: ['manager1'] }, peer('DNS:manager1'), { ...none, poller: true }],
    [{ poller: ['DNS:manager1'] }, peer('DNS:MANAGER1'), { ...none, poller: true }],
    [{ poller: ['DNS:manager1'] }, peer('DNS:manager1.evil'), none],
    [{ poller: ['DNS:manager1'] }, peer('DNS:xmanager1'), none],
    [{ poller: ['manager1'] }, peer('CN:manager1'), none],
    [{ poller: ['manager1'] }, peer('URI:manager1'), none],
    [{ poller: ['CN:manager1'] }, peer('CN:manager1'), { ...none, poller: true }],
    [{ poller: ['CN:Manager1'] }, peer('CN:manager1'), none],
    [{ poller: ['*'] }, peer(), { ...none, poller: true }],
    [{ poller: ['DNS:*'] }, peer('DNS:manager1'), none],
    [{ producer: ['URI:urn:d'] }, peer('URI:urn:d'), { ...none, producer: true }],
    [{ producer: ['URI:urn:d'] }, peer('DNS:other'), none],
    [{ monitor: ['email:a@b'] }, peer('email:a@b'), { ...none, monitor: true }],
    [{ poller: ['*'], producer: ['*'], monitor: ['*'] }, peer(), all],
    [{ poller: [] }, peer('DNS:a'), none],
    [{ poller: ['a', 'DNS:b'] }, peer('URI:x', 'DNS:b'), { ...none, poller: true }],
  ] as const;
  for (const [flags, who, rights] of rows) {
    assert.deepEqual(createRoles(flags).rightsOf(who), rights, JSON.stringify([flags, who.names]));
  }
  assert.equal(createRoles({}).everybodyPolls, true);
  assert.equal(createRoles({ poller: ['*'] }).everybodyPolls, false);
  for (const name of ['IP:192.0.2.1', 'dns:a', 'DNS:', 'https://x']) {
    assert.throws(() => createRoles({ poller: [name] }), { code: 'CONFIG' }, name);
  }
});

test('consumers', () => {
  assert.equal(createConsumerLookup([], 'shared')(peer('DNS:a')), 'shared');
  const lookup = createConsumerLookup(
    [{ name: 'prelude', peer: 'URI:urn:p' }, { name: 'manager2' }],
    'shared',
  );
  assert.equal(lookup(peer('URI:urn:p')), 'prelude');
  assert.equal(lookup(peer('DNS:manager2')), 'manager2');
  assert.equal(lookup(peer('CN:manager2')), 'manager2');
  assert.equal(lookup(peer('DNS:prelude')), undefined);
  assert.equal(lookup(peer()), undefined);
});
