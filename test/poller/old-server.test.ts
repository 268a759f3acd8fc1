/** Against the old Python server: its answers are safe before they are looked at, and its habits do no harm. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { Problem } from '../../src/idmef/verdict.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { startOldServer, type OldServerOptions } from '../support/old-server.ts';
import { makePki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, document, invalidElement, messageids } from '../support/tiny-alerts.ts';

const never = new AbortController().signal;

async function world(t: TestContext, options: Partial<OldServerOptions> = {}) {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const [out, spoolDir, stateDir] = [join(dir, 'out'), join(dir, 'spool'), join(dir, 'state')];
  for (const made of [out, spoolDir, stateDir]) mkdirSync(made);
  const server = await startOldServer(t, { pki, spoolDir, ...options });
  const bench = pollerBench();
  const profile = profileFor(pki, server.url, stateDir, { managers: [pathToFileURL(out)] });
  let files = 0;
  return {
    server,
    bench,
    stateDir,
    spoolDir,
    run: async (more: Partial<ProfileConfig> = {}) => await runProfile({ ...profile, ...more }, bench, never),
    put: (...elements: readonly string[]) => {
      files += 1;
      writeFileSync(join(spoolDir, `${String(files).padStart(4, '0')}.xml`), document(...elements));
    },
    arrived: () =>
      readdirSync(out)
        .flatMap((name) => messageids(readFileSync(join(out, name))))
        .toSorted(),
    quarantine: async () => {
      const journal = await openJournal({ path: journalPath(stateDir), readOnly: true, ...bench });
      const entries = await journal.quarantine.list();
      const shown = await Promise.all(entries.map(async ({ id }) => await journal.quarantine.show(id)));
      await journal.close();
      return shown.map((found) => {
        const detail: { problems: Problem[] } = JSON.parse(found?.entry.detail ?? '');
        return { body: Buffer.from(found?.body ?? []).toString(), problems: detail.problems };
      });
    },
    inbox: () => (existsSync(join(stateDir, 'inbox')) ? readdirSync(join(stateDir, 'inbox')) : []),
  };
}

test('P9: with --delete a backlog is drained in one run, whatever its batch limit', async (t) => {
  const { server, put, run, arrived, bench, inbox } = await world(t, { delete: true, maxBatchSize: 2 });
  for (let n = 0; n < 10; n += 1) put(alertElement(`m${n}`));
  assert.equal(await run(), 0, bench.texts().join('\n'));
  assert.equal(arrived().length, 10);
  assert.equal(server.requests.length, 5, '3 at a time although the limit says 2, and a last 404');
  assert.deepEqual(inbox(), []);
  assert.equal(server.mostConnections(), 1, 'it serves one connection at a time');
});

test('S18: without --delete nothing is forwarded twice, within a run and across runs', async (t) => {
  const { server, put, run, arrived } = await world(t);
  put(alertElement('m1'));
  put(alertElement('m2'), alertElement('m2'));
  assert.equal(await run(), 0);
  assert.deepEqual(arrived(), ['m1', 'm2', 'm2'], 'the same alert twice in one answer is two');
  assert.equal(server.requests.length, 2, 'it ends when nothing new comes');
  put(alertElement('m3'));
  assert.equal(await run(), 0);
  assert.deepEqual(arrived(), ['m1', 'm2', 'm2', 'm3']);
  assert.equal(await run(), 0);
  assert.equal(arrived().length, 4);
});

test('after an empty answer the same bytes are a new alert', async (t) => {
  const { put, run, arrived } = await world(t, { delete: true });
  put(alertElement('same'));
  assert.equal(await run(), 0);
  put(alertElement('same'));
  assert.equal(await run(), 0);
  assert.deepEqual(arrived(), ['same', 'same']);
});

test('P6: what came of an answer that broke off is kept, complete messages go on', async (t) => {
  const { server, put, run, arrived, bench, inbox } = await world(t, { delete: true });
  for (let n = 0; n < 4; n += 1) put(alertElement(`m${n}`, 2000));
  server.cutAfter = 5000;
  assert.equal(await run(), 69, bench.texts().join('\n'));
  assert.deepEqual(
    arrived().filter((id) => /^m\d$/.test(id)),
    ['m0', 'm1'],
  );
  assert.equal(bench.texts('error').length, 1, 'one fault, one line');
  assert.match(
    bench.texts('error')[0] ?? '',
    /broke off in the middle of an answer, after \d+ of \d+ bytes; 2 messages of it came whole, what else came is in quarantine; .*--movedir/,
  );
  assert.match(
    bench.texts('notice').at(-1) ?? '',
    /3 fetched, 3 forwarded, 1 quarantined/,
    'with the report',
  );
  assert.equal(arrived().length, 3, 'whoever watches the destinations learns of it');
  assert.deepEqual(inbox(), []);
});

test('what a killed run left in the inbox is taken up, an unfinished file too', async (t) => {
  const { run, arrived, stateDir, inbox, put } = await world(t, { delete: true });
  mkdirSync(join(stateDir, 'inbox'));
  writeFileSync(join(stateDir, 'inbox', '2026-01-01.xml'), document(alertElement('kept-1')));
  const cut = document(alertElement('kept-2'), alertElement('lost')).slice(0, -200);
  writeFileSync(join(stateDir, 'inbox', '.2026-01-02.tmp'), cut);
  writeFileSync(join(stateDir, 'inbox', '.2026-01-03.tmp'), '');
  put(alertElement('new'));
  assert.equal(await run(), 65, 'the rest of the unfinished file is in quarantine');
  assert.deepEqual(
    arrived().filter((id) => /^(kept|new|lost)/.test(id)),
    ['kept-1', 'kept-2', 'new'],
  );
  assert.deepEqual(inbox(), []);
});

test('P4: what cannot be split is quarantined whole, and reported', async (t) => {
  const { run, arrived, stateDir, bench, inbox } = await world(t, { delete: true });
  mkdirSync(join(stateDir, 'inbox'));
  writeFileSync(join(stateDir, 'inbox', '1.xml'), '<html><body>Please sign in</body></html>');
  assert.equal(await run(), 65);
  assert.equal(arrived().length, 1, 'the report');
  assert.match(bench.texts('error')[0] ?? '', /1 message quarantined/);
  assert.deepEqual(inbox(), []);
});

test('invalid alerts of an old server are quarantined like others', async (t) => {
  const { put, run, arrived } = await world(t, { delete: true });
  put(alertElement('m1'));
  put(invalidElement('bad'));
  assert.equal(await run(), 65);
  assert.ok(arrived().includes('m1'));
  assert.ok(!arrived().includes('bad'));
});

test('P2: its 404 for another path is not "nothing"', async (t) => {
  const { server, run, bench } = await world(t);
  assert.equal(await run({ sensor: new URL('/spool', server.url) }), 76);
  assert.match(bench.texts('error')[0] ?? '', /has no alerts at the path \/spool/);
});

test('a dry run does not touch it: what it shows it forgets', async (t) => {
  const { put, run, spoolDir, bench } = await world(t, { delete: true });
  put(alertElement('m1'));
  assert.equal(await run({ dryRun: true }), 76);
  assert.match(bench.texts('error')[0] ?? '', /is an old server: it cannot be looked at/);
  assert.equal(readdirSync(spoolDir).length, 1);
});

test('without room the old server is not asked', async (t) => {
  const { put, run, server } = await world(t, { delete: true });
  put(alertElement('m1'));
  assert.equal(await run({ minFree: { percent: 100 } }), 74);
  assert.deepEqual(server.requests, []);
});

test('D3: a refused answer that comes again is known, not counted again', async (t) => {
  const { put, run, bench, quarantine } = await world(t);
  put(invalidElement('bad-1'));
  assert.equal(await run(), 65);
  assert.match(bench.texts('error')[0] ?? '', /: 1 message quarantined: [a-z-]+ \(first/);
  put(element('no-class'));
  assert.equal(await run(), 65);
  assert.match(
    bench.texts('error').at(-1) ?? '',
    /: 1 message quarantined: missing-child \(first: \/Alert: /,
  );
  assert.equal((await quarantine()).length, 2);
});

test('S6: what stands beside the messages of an answer is kept, the messages go on', async (t) => {
  const { spoolDir, run, arrived, bench, quarantine } = await world(t);
  const beside = '<idmef:Foo a=">"><idmef:Foo/>é<!-- </idmef:Foo> --></idmef:Foo>';
  const inner = `${alertElement('m1')}é\n${beside}<![CDATA[<x>]]>${alertElement('m2')}`;
  writeFileSync(join(spoolDir, 'a.xml'), document(inner));
  assert.equal(await run(), 65);
  assert.deepEqual(
    arrived().filter((id) => id.startsWith('m')),
    ['m1', 'm2'],
  );
  const [entry, ...others] = await quarantine();
  assert.deepEqual(others, [], 'one entry, also after the repeated answer');
  assert.equal(entry?.body, `é\n\n${beside}\n<![CDATA[<x>]]>`);
  assert.deepEqual(
    entry?.problems.map(({ rule, path, line }) => [rule, path, line]),
    [
      ['unexpected-text', '/IDMEF-Message', 1],
      ['unknown-message', '/IDMEF-Message/Foo', 2],
      ['unexpected-text', '/IDMEF-Message', 2],
    ],
  );
  assert.match(
    bench.texts('error')[0] ?? '',
    /1 message quarantined: unexpected-text \(first: \/IDMEF-Message: /,
  );
});

test('S6: more beside the messages than the reader names is kept to the end', async (t) => {
  const { spoolDir, run, arrived, quarantine } = await world(t, { delete: true });
  const strays = Array.from({ length: 300 }, (_, index) => `<idmef:Foo n="${index}"/>`);
  writeFileSync(join(spoolDir, 'a.xml'), document(alertElement('m1'), ...strays));
  assert.equal(await run(), 65);
  assert.ok(arrived().includes('m1'));
  const [entry] = await quarantine();
  for (const stray of strays) assert.ok(entry?.body.includes(stray), stray);
});

test('S8: more bytes than a document may have are split, too many messages are kept with a clear word', async (t) => {
  const { run, arrived, stateDir, bench, quarantine } = await world(t, { delete: true });
  mkdirSync(join(stateDir, 'inbox'));
  const large = Array.from({ length: 35 }, (_, index) => alertElement(`large-${index}`, 1_900_000));
  writeFileSync(join(stateDir, 'inbox', '1.xml'), document(...large));
  assert.equal(await run(), 0, bench.texts().join('\n'));
  assert.equal(arrived().length, 35);
  writeFileSync(join(stateDir, 'inbox', '2.xml'), document('<idmef:Alert/>'.repeat(250_001)));
  assert.equal(await run({ validate: 'off' }), 65);
  assert.match(
    bench.texts('error').at(-1) ?? '',
    /1 message quarantined: limit-messages .*the document has more than 250000 messages/,
  );
  assert.equal((await quarantine())[0]?.body.length, document('<idmef:Alert/>'.repeat(250_001)).length);
});

test('S5: problems in quarantine are those of the message alone, not of its batch', async (t) => {
  const { spoolDir, run, quarantine } = await world(t, { delete: true });
  const bad = element('bad')
    .replaceAll('><', '>\n  <')
    .replace('messageid="bad"', 'messageid="bad" colour="x"');
  writeFileSync(join(spoolDir, 'a.xml'), document(alertElement('m1'), '\n\n  ', alertElement('m2'), bad));
  assert.equal(await run(), 65);
  const [entry] = await quarantine();
  const found = entry?.problems.map(({ rule, path, line, column }) => [rule, path, line, column]);
  const at = (entry?.body.indexOf('colour=') ?? 0) + 1;
  assert.deepEqual(
    found?.find(([rule]) => rule === 'unknown-attribute'),
    ['unknown-attribute', '/Alert/@colour', 1, at],
  );
  assert.ok(
    found?.every(([, path]) => String(path).startsWith('/Alert')),
    JSON.stringify(found),
  );
});

test('--on-invalid forward says what it let through', async (t) => {
  const { put, run, bench } = await world(t, { delete: true });
  put(invalidElement('bad-1'), invalidElement('bad-2'));
  assert.equal(await run({ onInvalid: 'forward' }), 0);
  assert.match(bench.texts('notice').at(-1) ?? '', /2 forwarded.*invalid but let through: [a-z-]+ ×2/);
});

/** Without a Classification. */
function element(id: string): string {
  return alertElement(id).replace(/<idmef:Classification[^>]*>/, '');
}
