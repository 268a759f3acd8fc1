/** A sensor that is wrong in every way a poller can meet: what is said, how the run ends, and that nothing is lost. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import { openJournal } from '../../src/journal/in-process.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { startFakeSensor, type FakeSensor } from '../support/fake-sensor.ts';
import { makePki } from '../support/pki.ts';
import { pollerBench, profileFor, type Bench } from '../support/poller-bench.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, document, invalidElement, messageids } from '../support/tiny-alerts.ts';

const never = new AbortController().signal;

interface World {
  readonly sensor: FakeSensor;
  readonly bench: Bench;
  readonly profile: ProfileConfig;
  readonly run: (more?: Partial<ProfileConfig>) => Promise<number>;
  /** What has arrived, sorted. */
  readonly arrived: () => string[];
}

async function world(t: TestContext): Promise<World> {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const out = join(dir, 'out');
  mkdirSync(out);
  const sensor = await startFakeSensor(t, { pki });
  const bench = pollerBench();
  const profile = profileFor(pki, sensor.url, join(dir, 'state'), {
    managers: [pathToFileURL(out)],
    timeoutSeconds: 1,
  });
  return {
    sensor,
    bench,
    profile,
    run: async (more = {}) => await runProfile({ ...profile, ...more }, bench, never),
    arrived: () =>
      readdirSync(out)
        .flatMap((name) => messageids(readFileSync(join(out, name))))
        .toSorted(),
  };
}

const hostile: readonly (readonly [
  name: string,
  prepare: (sensor: FakeSensor) => void,
  exit: number,
  words: RegExp,
])[] = [
  [
    'P3: a redirect',
    (sensor) => {
      sensor.intercept = (_request, response) => {
        response.writeHead(302, { Location: 'http://evil.example/' }).end();
        return true;
      };
    },
    76,
    /redirects \(302\) to http:\/\/evil\.example\/, which is never followed/,
  ],
  [
    'P4: HTML',
    (sensor) => {
      sensor.intercept = (_request, response) => {
        response.removeHeader('IDMEF-Relay');
        response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Sign in</html>');
        return true;
      };
    },
    76,
    /answers with HTML instead of IDMEF/,
  ],
  [
    'a 404 that is not ours',
    (sensor) => {
      sensor.intercept = (_request, response) => {
        response.removeHeader('IDMEF-Relay');
        response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Not Found</h1>');
        return true;
      };
    },
    76,
    /has no alerts at the path \/; something else answers there/,
  ],
  [
    'a refusal',
    (sensor) => {
      sensor.intercept = (_request, response) => {
        const body = JSON.stringify({ detail: 'Manager1 may not poll (--allow-poller).' });
        response.writeHead(403, { 'Content-Type': 'application/problem+json' }).end(body);
        return true;
      };
    },
    76,
    /answers 403: Manager1 may not poll \(--allow-poller\); its --allow-poller must name our certificate/,
  ],
  [
    'too busy',
    (sensor) => {
      sensor.intercept = (_request, response) => {
        response.writeHead(503).end();
        return true;
      };
    },
    69,
    /answers 503/,
  ],
  [
    'a digest that does not fit',
    (sensor) => {
      sensor.tamper = (batch) => {
        batch.body = Buffer.from(batch.body.toString().replace('port scan', 'port span'));
      };
    },
    76,
    /Content-Digest contradicts; nothing was acknowledged/,
  ],
  [
    'no digest',
    (sensor) => {
      sensor.tamper = (batch) => {
        delete batch.headers['Content-Digest'];
      };
    },
    76,
    /without Content-Digest/,
  ],
  [
    'no sequence',
    (sensor) => {
      sensor.tamper = (batch) => {
        batch.headers['IDMEF-Sequence'] = 'nonsense';
      };
    },
    76,
    /without a usable IDMEF-Sequence/,
  ],
  [
    'no lease',
    (sensor) => {
      sensor.tamper = (batch) => {
        delete batch.headers['Preference-Applied'];
      };
    },
    76,
    /leases none to us/,
  ],
  [
    'P6: a length that is not kept',
    (sensor) => {
      sensor.intercept = (_request, response) => {
        response.writeHead(200, {
          'Content-Type': 'text/xml',
          'Content-Length': '1000',
          'Preference-Applied': 'lease=15',
          'IDMEF-Lease': 't1; expires=15',
        });
        response.write('<a', () => setImmediate(() => response.destroy()));
        return true;
      };
    },
    69,
    /broke off in the middle of an answer, after 2 of 1000 bytes/,
  ],
  [
    'a huge batch',
    (sensor) => {
      sensor.intercept = (_request, response) => {
        response.writeHead(200, {
          'Content-Type': 'text/xml',
          'Content-Length': String(1e9),
          'Preference-Applied': 'lease=15',
          'IDMEF-Lease': 't1; expires=15',
        });
        response.write('<a');
        return true;
      };
    },
    76,
    /sends more than the \d+ bytes/,
  ],
  [
    'P7: silence',
    (sensor) => {
      sensor.intercept = () => true;
    },
    69,
    /was silent for 1 s/,
  ],
];

test('whatever a sensor does, it is said in one line and nothing is lost', async (t) => {
  for (const [name, prepare, exit, words] of hostile) {
    await t.test(name, async (inner) => {
      const { sensor, bench, run, arrived } = await world(inner);
      sensor.add(alertElement('m1'), alertElement('m2'));
      const { intercept, tamper } = sensor;
      prepare(sensor);
      assert.equal(await run(), exit, bench.texts().join('\n'));
      assert.equal(bench.texts('error').length, 1, bench.texts().join('\n'));
      assert.match(bench.texts('error')[0] ?? '', words);
      assert.match(bench.texts('error')[0] ?? '', /^dmz1: sensor https:\/\/localhost/);
      assert.equal(sensor.waiting.size, 2);
      sensor.expire();
      bench.clock.advance(600_000);
      assert.equal(await run(), exit);
      assert.match(bench.texts('error')[1] ?? '', /, since 2026-01-02 \d\d:\d\d, run 2/);
      sensor.expire();
      Object.assign(sensor, { intercept, tamper });
      sensor.log.length = 0;
      assert.equal(await run(), 0);
      assert.deepEqual(arrived(), ['m1', 'm2']);
      assert.ok(bench.texts('notice').some((text) => /pulling works again, it failed since 2026/.test(text)));
    });
  }
});

test('P2: a wrong path is not "nothing"', async (t) => {
  const { sensor, bench, profile, run } = await world(t);
  sensor.add(alertElement('m1'));
  assert.equal(await run({ sensor: new URL('/alerts', profile.sensor) }), 76);
  assert.match(
    bench.texts('error')[0] ?? '',
    /has no alerts at the path \/alerts; --sensor is https:\/\/localhost:\d+\/ without/,
  );
});

test('a sensor that is down', async (t) => {
  const { sensor, bench, run } = await world(t);
  await sensor.close();
  assert.equal(await run(), 69);
  assert.match(
    bench.texts('error')[0] ?? '',
    /refused the connection \(ECONNREFUSED\); is the service running/,
  );
});

test('a batch that is not taken is given back at once', async (t) => {
  const { sensor, run } = await world(t);
  sensor.add(alertElement('m1'));
  sensor.tamper = (batch) => {
    batch.headers['Content-Digest'] = 'sha-256=:AAAA:';
  };
  assert.equal(await run(), 76);
  assert.deepEqual(sensor.log, ['GET', 'RELEASE t1']);
});

test('what was delivered twice is acknowledged again and not forwarded', async (t) => {
  const { sensor, bench, run, arrived } = await world(t);
  sensor.add(alertElement('m1'), alertElement('m2'));
  let refusals = 2;
  sensor.intercept = (request, response) => {
    if (request.method !== 'DELETE' || refusals === 0) return false;
    refusals -= 1;
    response.destroy();
    return true;
  };
  assert.equal(await run(), 69, 'the acknowledgement failed twice');
  assert.equal(sensor.waiting.size, 2);
  sensor.expire();
  assert.equal(await run(), 0);
  assert.equal(sensor.waiting.size, 0);
  assert.deepEqual(arrived(), ['m1', 'm2']);
  assert.ok(!bench.texts('error').slice(1).length);
});

test('an ended lease is no failure: its messages come again and are recognised', async (t) => {
  const { sensor, run, arrived } = await world(t);
  sensor.add(alertElement('m1'));
  let gone = true;
  sensor.intercept = (request, response, path) => {
    if (request.method !== 'DELETE' || !gone) return false;
    gone = false;
    response.writeHead(410).end();
    sensor.add(...sensor.waiting.values());
    return path === path;
  };
  assert.equal(await run(), 0);
  assert.deepEqual(new Set(arrived()), new Set(['m1']));
});

const ofSensor = (ids: readonly string[]): string[] => ids.filter((id) => /^(m\d+|clone-\d)$/.test(id));

test('P0-1: reinstalled, restored from a snapshot, cloned: nothing fresh is taken for known', async (t) => {
  const { sensor, bench, run, arrived } = await world(t);
  sensor.add(alertElement('m1'), alertElement('m2'));
  assert.equal(await run(), 0);
  // Restored: the same journal gives the same numbers to other messages.
  sensor.waiting.set(1, alertElement('m3'));
  sensor.waiting.set(2, alertElement('m2'));
  assert.equal(await run(), 0);
  assert.deepEqual(arrived(), ['m1', 'm2', 'm3']);
  assert.ok(bench.texts('warning').some((text) => /1 messages bear known sequences/.test(text)));
  // Reinstalled: another journal starts at 1, even with the same content.
  sensor.journal = 'b'.repeat(32);
  sensor.waiting.set(1, alertElement('m2'));
  assert.equal(await run(), 0);
  assert.deepEqual(ofSensor(arrived()), ['m1', 'm2', 'm2', 'm3']);
  assert.equal(bench.texts('notice').filter((text) => /journal is a new one/.test(text)).length, 1);
  // Cloned: two sensors with one journal id take turns.
  sensor.journal = 'a'.repeat(32);
  sensor.waiting.set(3, alertElement('clone-1'));
  assert.equal(await run(), 0);
  sensor.waiting.set(3, alertElement('clone-2'));
  assert.equal(await run(), 0);
  assert.deepEqual(ofSensor(arrived()), ['clone-1', 'clone-2', 'm1', 'm2', 'm2', 'm3']);
  assert.equal(arrived().length - 6, 2, 'each change of the journal is reported to the destinations');
});

test('one message that cannot be read does not hold up the others', async (t) => {
  const { sensor, bench, run, arrived } = await world(t);
  sensor.add(
    alertElement('m1'),
    '<idmef:Alert>&undefined;</idmef:Alert>',
    alertElement('m3'),
    alertElement('m4'),
  );
  assert.equal(await run(), 65, bench.texts().join('\n'));
  assert.equal(sensor.waiting.size, 0);
  assert.deepEqual(
    arrived().filter((id) => id.startsWith('m')),
    ['m1', 'm3', 'm4'],
  );
  assert.ok(bench.texts('warning').some((text) => /asking message by message/.test(text)));
  assert.ok(bench.texts('error').some((text) => /1 message quarantined: /.test(text)));
});

test('more messages than were announced are not acknowledged away', async (t) => {
  const { sensor, bench, run, arrived } = await world(t);
  sensor.add(alertElement('m1') + alertElement('m2'));
  assert.equal(await run(), 65);
  assert.ok(
    bench.texts('error').some((text) => /quarantined: sequence-count/.test(text)),
    bench.texts().join('\n'),
  );
  assert.deepEqual(
    arrived().filter((id) => id.startsWith('m')),
    [],
  );
});

test('S6: what stands beside the messages of a batch is kept once, the messages go on', async (t) => {
  const { sensor, bench, profile, run, arrived } = await world(t);
  sensor.add(alertElement('m1'), `lost?${alertElement('m2')}<idmef:Foo>why</idmef:Foo>`);
  let refusals = 2;
  sensor.intercept = (request, response) => {
    if (request.method !== 'DELETE' || refusals === 0) return false;
    refusals -= 1;
    response.destroy();
    return true;
  };
  assert.equal(await run(), 69);
  assert.ok(
    bench.texts('error').some((text) => /1 message quarantined: unexpected-text/.test(text)),
    bench.texts().join('\n'),
  );
  sensor.expire();
  assert.equal(await run(), 0, 'the batch comes again and is recognised, with what stands beside it');
  assert.equal(sensor.waiting.size, 0);
  assert.deepEqual(
    arrived().filter((id) => id.startsWith('m')),
    ['m1', 'm2'],
  );
  const journal = await openJournal({ path: journalPath(profile.stateDir), readOnly: true, ...bench });
  t.after(() => journal.close());
  const entries = await journal.quarantine.list();
  assert.equal(entries.length, 1);
  const body = (await journal.quarantine.show(entries[0]?.id ?? 0))?.body ?? [];
  assert.equal(Buffer.from(body).toString(), 'lost?\n<idmef:Foo>why</idmef:Foo>');
});

test('invalid alerts: quarantined and reported, or let through', async (t) => {
  const { sensor, bench, run, arrived } = await world(t);
  sensor.add(alertElement('m1'), invalidElement('bad1'), invalidElement('bad2'));
  assert.equal(await run(), 65);
  const ids = arrived();
  assert.equal(ids.length, 2, 'm1 and one report');
  assert.ok(ids.includes('m1'));
  const [line] = bench.texts('error');
  assert.match(
    line ?? '',
    /^dmz1: 2 messages quarantined: [\w-]+ ×2 \(first: \/Alert.*idmef quarantine list --profile dmz1$/,
  );
  sensor.add(invalidElement('bad3'));
  assert.equal(await run({ onInvalid: 'forward' }), 0);
  assert.ok(arrived().includes('bad3'));
  assert.equal(await run(), 0, 'the report is not reported');
});

test('the next batch is asked for while one is being stored', async (t) => {
  const { sensor, run, arrived } = await world(t);
  sensor.add(...Array.from({ length: 25 }, (_, index) => alertElement(`m${String(index).padStart(2, '0')}`)));
  assert.equal(await run({ batch: 10 }), 0);
  assert.equal(arrived().length, 25);
  assert.deepEqual(sensor.log.slice(0, 2), ['GET', 'GET'], 'before the first acknowledgement');
  assert.ok(!sensor.log.some((entry) => entry.startsWith('RELEASE')));
  assert.match(sensor.prefers[0] ?? '', /^lease=15, batch=10, batch-bytes=\d+$/);
});

test('without room nothing is pulled, it is said, and what is kept is still forwarded', async (t) => {
  const { sensor, bench, run, arrived } = await world(t);
  sensor.add(alertElement('m1'));
  assert.equal(await run({ managers: [new URL('file:///nowhere/at/all')] }), 75);
  sensor.add(alertElement('m2'));
  assert.equal(await run({ minFree: { percent: 100 } }), 74);
  assert.match(bench.texts('error').at(-1) ?? '', /free.*not pulling; alerts wait on the sensor/);
  assert.equal(sensor.waiting.size, 1);
  assert.equal(await run({ maxJournalBytes: 1000 }), 74);
  assert.match(bench.texts('error').at(-1) ?? '', /holds \d+ bytes of the 1000 allowed/);
  assert.equal(await run(), 0);
  assert.deepEqual(arrived(), ['m1', 'm2'], 'a new destination starts with what is kept');
});

test('--dry-run shows and changes nothing, --drain forwards only', async (t) => {
  const { sensor, bench, run, arrived } = await world(t);
  sensor.add(alertElement('m1'), invalidElement('bad'));
  assert.equal(await run({ dryRun: true }), 0);
  assert.match(
    bench.texts('notice')[0] ?? '',
    /dry run: 2 messages would be fetched; 1 of them are invalid and would go to quarantine/,
  );
  assert.deepEqual([sensor.waiting.size, arrived().length], [2, 0]);
  assert.equal(await run({ drain: true }), 0);
  assert.deepEqual([sensor.waiting.size, arrived().length], [2, 0]);
});

test('the deadline ends a run that is held up, and the next one goes on', async (t) => {
  const { sensor, bench, run, arrived } = await world(t);
  sensor.add(...Array.from({ length: 30 }, (_, index) => alertElement(`m${index}`)));
  let gets = 0;
  sensor.intercept = (request) => {
    if (request.method !== 'GET') return false;
    gets += 1;
    return gets > 2;
  };
  assert.equal(await run({ batch: 10, deadlineSeconds: 0.4, timeoutSeconds: 5 }), 75);
  assert.match(bench.texts('error').join('\n'), /not done within the deadline of 0\.4 s/);
  sensor.intercept = () => false;
  assert.equal(await run(), 0);
  assert.deepEqual(new Set(arrived()).size, 30);
  assert.equal(arrived().length, 30);
});

test('P12: a second run of the profile ends at once with 0', async (t) => {
  const { sensor, bench, run } = await world(t);
  let arrive: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  let answer: () => void = () => undefined;
  sensor.intercept = (_request, response) => {
    answer = () => void response.writeHead(404, { 'Content-Length': '0' }).end();
    arrive();
    return true;
  };
  const first = run({ timeoutSeconds: 10 });
  await asked;
  assert.equal(await run(), 0);
  assert.ok(bench.texts('info').some((text) => /another run is active/.test(text)));
  answer();
  assert.equal(await first, 0);
});

test('documents sent by the fake are what the reader expects', () => {
  assert.deepEqual(messageids(document(alertElement('a'), alertElement('b'))), ['a', 'b']);
});
