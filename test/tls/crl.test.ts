/** Revocation lists: forms, what is refused, size; and the verdict on a peer's chain by them. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { canonicalSerial, readCrls } from '../../src/tls/crl.ts';
import type { RevocationList } from '../../src/tls/crl.ts';
import { createPeerJudge } from '../../src/tls/peer-judge.ts';
import type { PeerChain, Verdict } from '../../src/tls/peer-judge.ts';
import { makePki } from '../support/pki.ts';
import type { Issued, Pki } from '../support/pki.ts';

const HOUR = 3_600_000;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
let root: Pki;
let middle: Pki;
let other: Pki;
before(async () => {
  root = await makePki(join(dir, 'root'));
  middle = await root.intermediate('middle');
  other = await makePki(join(dir, 'other'), { cn: new X509Certificate(root.caPem).subject.slice(3) });
});
after(() => rmSync(dir, { recursive: true, force: true }));

function lists(...files: readonly string[]): RevocationList[] {
  return files.flatMap((file) => {
    const read = readCrls(readFileSync(file));
    if (typeof read === 'string') throw new Error(read);
    return read;
  });
}

describe('reading', () => {
  test('PEM and DER, several lists, text around them', async () => {
    const revoked = ['0A0B', 'FF00FF'];
    const pem = await root.crl({ revoked });
    const der = await root.crl({ revoked, der: true });
    for (const file of [pem, der]) {
      const [list] = lists(file);
      assert.deepEqual([...(list?.revoked ?? [])], ['A0B', 'FF00FF']);
      assert.equal(list?.issuer.text, new X509Certificate(root.caPem).subject);
      assert.equal(list.digest, 'sha256');
      assert.equal(list.isSignedBy(new X509Certificate(root.caPem).publicKey), true);
      assert.equal(list.isSignedBy(new X509Certificate(other.caPem).publicKey), false);
    }
    const both = join(dir, 'both.pem');
    writeFileSync(both, `# lists\n${readFileSync(pem, 'utf8')}\n${readFileSync(pem, 'utf8')}`);
    assert.equal(lists(both).length, 2);
    const again = readCrls(Buffer.from(lists(der)[0]?.pem() ?? ''));
    assert.ok(typeof again !== 'string');
    assert.equal(again[0]?.id, lists(der)[0]?.id, 'what OpenSSL gets is the same list');
  });

  test('what could mean something else is refused', async () => {
    const pem = readFileSync(await root.crl({ revoked: ['01'] }), 'utf8');
    const der = readFileSync(await root.crl({ revoked: ['01'], der: true }));
    const rows: readonly (readonly [Uint8Array | string, RegExp])[] = [
      [readFileSync(await root.crl({ revoked: [], delta: true })), /^is a delta list/],
      [pem.slice(0, -20), /^is incomplete: a PEM block has no END line$/],
      [`${pem}${pem.slice(0, 100)}`, /^is incomplete/],
      [der.subarray(0, -5), /^is not a certificate revocation list$/],
      [root.caPem, /^is not a certificate/],
      ['', /^is not a certificate/],
    ];
    for (const [bytes, reason] of rows) {
      const read = readCrls(Buffer.from(bytes));
      assert.match(typeof read === 'string' ? read : 'was read', reason);
    }
  });

  test('no bytes crash the reader', async () => {
    const der = readFileSync(await root.crl({ revoked: ['01', '02', '03'], der: true }));
    for (let at = 0; at < der.length; at += 1) {
      for (const value of [0x00, 0x30, 0x80, 0x84, 0xff]) {
        const bent = Buffer.from(der);
        bent[at] = value;
        readCrls(bent);
      }
    }
  });

  test('serial numbers are written alike whoever prints them', () => {
    const rows = { '00': '0', '0A': 'A', a: 'A', '-080': '-80', '00FF': 'FF' };
    for (const [given, wanted] of Object.entries(rows)) assert.equal(canonicalSerial(given), wanted);
  });

  test('100,000 entries are read fast and looked up by number', async (t) => {
    const revoked = Array.from({ length: 100_000 }, (_, index) => (0x4000_0000_0000 + index).toString(16));
    const bytes = bigList(readFileSync(await root.crl({ revoked: ['01'], der: true })), revoked);
    const begun = performance.now();
    const read = readCrls(bytes);
    const ms = performance.now() - begun;
    t.diagnostic(`${bytes.length} bytes in ${ms.toFixed(0)} ms`);
    assert.ok(typeof read !== 'string' && read[0]?.revoked.size === 100_000);
    assert.ok(read[0].revoked.has(canonicalSerial(revoked[77_777] ?? '')));
    assert.ok(ms < 1500, `${ms} ms`);
  });
});

/** The list with other entries; its signature no longer holds, which reading does not look at. */
function bigList(small: Buffer, serials: readonly string[]): Buffer {
  const wrap = (tag: number, body: Buffer): Buffer => {
    const size = Buffer.alloc(6);
    size.writeUInt8(tag, 0);
    size.writeUInt8(0x84, 1);
    size.writeUInt32BE(body.length, 2);
    return Buffer.concat([size, body]);
  };
  const entryAt = small.indexOf(Buffer.from([0x02, 0x01, 0x01, 0x17]));
  const entry = small.subarray(entryAt + 3, entryAt + 18);
  const entries = serials.map((serial) =>
    wrap(0x30, Buffer.concat([Buffer.from([0x02, serial.length / 2]), Buffer.from(serial, 'hex'), entry])),
  );
  const tbsAt = small.indexOf(0x30, 1);
  const head = small.subarray(tbsAt + (small[tbsAt + 1] === 0x81 ? 3 : 4), entryAt - 4);
  const rest = entryAt + 18;
  const extensions = small.indexOf(0xa0, rest);
  const extensionsEnd = extensions + 2 + (small[extensions + 1] ?? 0);
  const tbs = wrap(
    0x30,
    Buffer.concat([head, wrap(0x30, Buffer.concat(entries)), small.subarray(extensions, extensionsEnd)]),
  );
  return wrap(0x30, Buffer.concat([tbs, small.subarray(extensionsEnd)]));
}

describe('verdict', () => {
  const chain = (leaf: Issued, ...sent: readonly Pki[]): PeerChain => ({
    leaf: new X509Certificate(leaf.certPem),
    sent: sent.map(({ caPem }) => new X509Certificate(caPem)),
  });
  const authorities = (...pkis: readonly Pki[]): X509Certificate[] =>
    pkis.map(({ caPem }) => new X509Certificate(caPem));

  test('each link is judged by the list of its issuer', async () => {
    const stale = { thisUpdate: new Date(Date.now() - 48 * HOUR), nextUpdate: new Date(Date.now() - HOUR) };
    const none = { root: await root.crl({ revoked: [] }), middle: await middle.crl({ revoked: [] }) };
    const revoked = {
      leaf: await root.crl({ revoked: [root.client.serial] }),
      stale: await root.crl({ revoked: [root.client.serial], ...stale }),
      middle: await root.crl({ revoked: [middle.caSerial] }),
      below: await middle.crl({ revoked: [middle.client.serial] }),
    };
    const old = await root.crl({ revoked: [], ...stale });
    const forged = await other.crl({ revoked: [] });
    const direct = chain(root.client);
    const deep = chain(middle.client, middle);
    const hidden = chain(middle.client);
    const rows: readonly (readonly [string, readonly string[], PeerChain, string, boolean?])[] = [
      ['no list', [], direct, 'good'],
      ['not revoked', [none.root], direct, 'good'],
      ['revoked', [revoked.leaf], direct, 'CERT_REVOKED'],
      ['revoked by a stale list', [revoked.stale], direct, 'CERT_REVOKED'],
      ['revoked by the older of two', [revoked.stale, none.root], direct, 'CERT_REVOKED'],
      ['stale', [old], direct, 'good'],
      ['stale and strict', [old], direct, 'CRL_HAS_EXPIRED', true],
      ['stale beside a current one, strict', [old, none.root], direct, 'good', true],
      ['no list of the intermediate', [none.root], deep, 'UNABLE_TO_GET_CRL'],
      ['both lists', [none.root, none.middle], deep, 'good'],
      ['intermediate revoked', [revoked.middle, none.middle], deep, 'CERT_REVOKED'],
      ['below revoked', [none.root, revoked.below], deep, 'CERT_REVOKED'],
      ['intermediate not seen', [none.root, none.middle], hidden, 'unseen'],
      ['not seen, but revoked', [none.root, revoked.below], hidden, 'CERT_REVOKED'],
      ['list by another key', [forged], direct, 'CRL_SIGNATURE_FAILURE'],
      ['of another authority', [none.middle], direct, 'UNABLE_TO_GET_CRL'],
    ];
    for (const [name, files, peer, wanted, strict = false] of rows) {
      const judge = createPeerJudge({ authorities: authorities(root), lists: lists(...files), strict });
      assert.equal(word(judge.revocation(peer, Date.now())), wanted, name);
    }
  });

  test('a certificate of the same name that the authority never signed does not hide a revoked one', async () => {
    const forged = await other.intermediate('forged', {
      cn: new X509Certificate(middle.caPem).subject.slice(3),
    });
    const judge = createPeerJudge({
      authorities: authorities(root),
      lists: lists(await root.crl({ revoked: [middle.caSerial] }), await middle.crl({ revoked: [] })),
      strict: false,
    });
    assert.equal(word(judge.revocation(chain(middle.client, forged, middle), Date.now())), 'CERT_REVOKED');
  });

  test('after authorities were exchanged', () => {
    const rows: readonly (readonly [string, readonly Pki[], PeerChain, readonly Pki[], string])[] = [
      ['kept', [root], chain(root.client), [root, other], 'good'],
      ['gone', [other], chain(root.client), [root], 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
      ['root kept, intermediate sent', [root], chain(middle.client, middle), [root, other], 'good'],
      [
        'intermediate alone is no root',
        [middle],
        chain(middle.client, middle),
        [root],
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      ],
      ['not to be seen', [root], chain(middle.client), [root, other], 'unseen'],
    ];
    for (const [name, now, peer, former, wanted] of rows) {
      const judge = createPeerJudge({ authorities: authorities(...now), lists: [], strict: false });
      assert.equal(word(judge.trust(peer, authorities(...former))), wanted, name);
    }
  });
});

function word(verdict: Verdict): string {
  return verdict.kind === 'refused' ? verdict.code : verdict.kind;
}
