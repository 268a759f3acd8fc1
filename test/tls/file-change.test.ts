/** When changed TLS files are read, and what is said: the decision alone, then with files and a clock held by hand. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { tlsLimits } from '../../src/core/limits.ts';
import { loadCredentials } from '../../src/tls/credentials.ts';
import type { Credentials } from '../../src/tls/credentials.ts';
import { FileChange } from '../../src/tls/file-change.ts';
import { watchTls } from '../../src/tls/tls-watch.ts';
import type { TlsWatch } from '../../src/tls/tls-watch.ts';
import { manualClock } from '../support/manual-clock.ts';
import { makePki } from '../support/pki.ts';
import type { Issued, Pki } from '../support/pki.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import type { RecordingLogger } from '../support/recording-logger.ts';

const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
let pki: Pki;
let renewed: Issued;
before(async () => {
  pki = await makePki(join(dir, 'pki'));
  renewed = await pki.issue({ name: 'renewed', cn: 'localhost', san: ['DNS:localhost'], eku: ['server'] });
});
after(() => rmSync(dir, { recursive: true, force: true }));

test('files are read when they have held still', () => {
  const change = new FileChange('a');
  const { settleMs } = tlsLimits;
  assert.equal(change.look('a', 0), 'same');
  assert.equal(change.look('b', 1000), 'settle');
  assert.equal(change.look('c', 1000 + settleMs), 'settle', 'changed once more meanwhile');
  assert.equal(change.look('c', 1000 + 2 * settleMs), 'read');
  assert.equal(change.look('c', 1000 + 3 * settleMs), 'read', 'again until it works');
  change.adopted('c');
  assert.equal(change.look('c', 9000), 'same');
  assert.equal(change.look('d', 9000, true), 'read', 'at once when asked');
});

test('a fault is said once, when its reason changes, and hourly', () => {
  const change = new FileChange('a');
  assert.equal(change.failed('x', 0), true);
  assert.equal(change.failed('x', 5000), false);
  assert.equal(change.failed('y', 10_000), true);
  assert.equal(change.failed('y', 10_000 + tlsLimits.repeatMs - 1), false);
  assert.equal(change.failed('y', 10_000 + tlsLimits.repeatMs), true);
  assert.equal(change.restored(), true);
  assert.equal(change.restored(), false);
});

interface Watched {
  readonly watch: TlsWatch;
  readonly logger: RecordingLogger;
  readonly adopted: Credentials[];
  readonly files: { cert: string; key: string; ca: string };
  /** Looks as its timer would, until nothing is to settle. */
  readonly pass: () => void;
}

function watched(t: { after(hook: () => void): void }, name: string): Watched {
  const place = join(dir, name);
  mkdirSync(place);
  const files = { cert: join(place, 'a.crt'), key: join(place, 'a.key'), ca: join(place, 'ca.crt') };
  writeFileSync(files.cert, pki.server.certPem);
  writeFileSync(files.key, pki.server.keyPem, { mode: 0o600 });
  writeFileSync(files.ca, pki.caPem);
  const settings = { certFile: files.cert, keyFile: files.key, caFile: files.ca, policy: 'anssi' } as const;
  const clock = manualClock();
  const logger = recordingLogger();
  const adopted: Credentials[] = [];
  const watch = watchTls({
    settings,
    load: () => loadCredentials(settings),
    adopt: (credentials) => adopted.push(credentials),
    prefix: '',
    logger,
    clock,
  });
  t.after(() => watch.close());
  const pass = (): void => {
    watch.look();
    clock.advance(tlsLimits.settleMs);
    watch.look();
  };
  return { watch, logger, adopted, files, pass };
}

test('a certificate without its key is said once and keeps the old pair; the key completes it', (t) => {
  const { watch, logger, adopted, files, pass } = watched(t, 'pair');
  const old = watch.credentials.certificate.serialNumber;
  writeFileSync(files.cert, renewed.certPem);
  pass();
  pass();
  assert.equal(adopted.length, 0);
  assert.equal(watch.credentials.certificate.serialNumber, old);
  const [fault, more] = logger.events('tls-reload-failed');
  assert.match(
    fault?.text ?? '',
    /^changed TLS files cannot be used, the old ones stay in force: --key .* does not match/,
  );
  assert.equal(more, undefined);
  writeFileSync(files.key, renewed.keyPem);
  pass();
  assert.equal(adopted.length, 1);
  assert.equal(watch.credentials.certificate.serialNumber, renewed.serial);
  assert.match(
    logger.events('tls-reloaded')[0]?.text ?? '',
    /^TLS files read again: certificate \(ends \d{4}-\d\d-\d\d\), key$/,
  );
});

test('a pair changed within a second is read once and nothing else is said', (t) => {
  const { watch, logger, adopted, files, pass } = watched(t, 'second');
  writeFileSync(files.cert, renewed.certPem);
  watch.look();
  writeFileSync(files.key, renewed.keyPem);
  pass();
  assert.equal(adopted.length, 1);
  assert.deepEqual(
    logger.lines.map(({ fields }) => fields['event']),
    ['tls-reloaded'],
  );
});

test('half-written, empty, missing, then as before: each reason once, and the end of it', (t) => {
  const { logger, adopted, files, pass } = watched(t, 'half');
  const states: readonly (readonly [string | undefined, RegExp])[] = [
    [
      pki.server.certPem.slice(0, 200),
      /--cert .* is incomplete: a PEM block has no END line; is it still being written\?$/,
    ],
    [`${pki.server.certPem}${pki.caPem.slice(0, 100)}`, /is incomplete/],
    ['', /--cert .* holds no certificate/],
    [undefined, /--cert .* does not exist/],
  ];
  const said = (): readonly { text: string }[] => logger.events('tls-reload-failed');
  let expected = 0;
  for (const [content, reason] of states) {
    if (content === undefined) rmSync(files.cert);
    else writeFileSync(files.cert, content);
    pass();
    pass();
    if (reason.source !== 'is incomplete') expected += 1;
    assert.equal(said().length, expected, String(reason));
    assert.match(said().at(-1)?.text ?? '', reason);
  }
  writeFileSync(files.cert, pki.server.certPem);
  pass();
  assert.equal(adopted.length, 0, 'the content is what is in force');
});

test('an exchanged link to a directory is noticed', (t) => {
  const place = join(dir, 'link');
  for (const [name, { certPem, keyPem }] of [
    ['one', pki.server],
    ['two', renewed],
  ] as const) {
    mkdirSync(join(place, name), { recursive: true });
    writeFileSync(join(place, name, 'tls.crt'), certPem);
    writeFileSync(join(place, name, 'tls.key'), keyPem, { mode: 0o600 });
  }
  symlinkSync('one', join(place, '..data'));
  for (const file of ['tls.crt', 'tls.key']) symlinkSync(`..data/${file}`, join(place, file));
  const settings = {
    certFile: join(place, 'tls.crt'),
    keyFile: join(place, 'tls.key'),
    caFile: pki.caFile,
    policy: 'anssi',
  } as const;
  const clock = manualClock();
  const adopted: Credentials[] = [];
  const watch = watchTls({
    settings,
    load: () => loadCredentials(settings),
    adopt: (credentials) => adopted.push(credentials),
    prefix: '',
    logger: recordingLogger(),
    clock,
  });
  t.after(() => watch.close());
  symlinkSync('two', join(place, '..new'));
  renameSync(join(place, '..new'), join(place, '..data'));
  watch.look();
  clock.advance(tlsLimits.settleMs);
  watch.look();
  assert.equal(adopted[0]?.certificate.serialNumber, renewed.serial);
});

test('asked, it answers in any case', (t) => {
  const { watch, logger, files } = watched(t, 'asked');
  watch.look(true);
  assert.match(logger.events('tls-unchanged')[0]?.text ?? '', /nothing has changed/);
  writeFileSync(files.key, 'x');
  watch.look(true);
  watch.look(true);
  assert.equal(logger.events('tls-reload-failed').length, 2);
});
