/** The template thread: real threads, ended when they take too long or too much, and the usual text in place of what failed. */

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import type { RenderWish } from '../../../src/dispatcher/model/ports.ts';
import { createRenderer } from '../../../src/dispatcher/render/renderer.ts';
import { checkTemplate } from '../../../src/dispatcher/render/template/check-template.ts';
import type { Job } from '../../../src/dispatcher/render/template/protocol.ts';
import { createTemplateRunner } from '../../../src/dispatcher/render/template/runner.ts';
import { sampleMessages } from '../../../src/dispatcher/render/template/samples.ts';
import { recordingLogger } from '../../support/recording-logger.ts';

/** Long enough for any honest job on a busy machine. */
const patient = { deadlineMs: 60_000, startMs: 60_000 };
const runner = createTemplateRunner(patient);
after(() => runner.close());

const samples = await sampleMessages();
const endless =
  '{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}x{% endfor %}{% endfor %}{% endfor %}';

function job(source: string, limit = 4_000, data: object = { tag: '#k3f9' }): Job {
  return { kind: 'render', source, medium: 'plain', data, limit };
}

function wish(template: string): RenderWish {
  return {
    recipient: { name: 'soc', locale: 'en', timeZone: 'UTC', verbatim: false, template },
    medium: 'plain',
    limits: { body: 4_000 },
    tag: '#k3f9',
    repeated: false,
  };
}

describe('a runner', () => {
  test('answers each job, in order', async () => {
    const answers = await Promise.all(
      ['a', 'b {{ tag }}', '{{ x | no }}', 'd'].map((source) => runner.run(job(source))),
    );
    assert.deepEqual(answers, [
      { ok: true, text: 'a' },
      { ok: true, text: 'b #k3f9' },
      { ok: false, line: 1, column: 1, text: 'undefined filter: no' },
      { ok: true, text: 'd' },
    ]);
  });

  test('an empty text is a fault', async () => {
    const answer = await runner.run(job(' {{ nothing }}\n'));
    assert.deepEqual(answer, { ok: false, line: 1, column: 1, text: 'the text is empty' });
  });

  test('a template that never ends is ended, and a new thread renders the next one', async () => {
    const own = createTemplateRunner({ deadlineMs: 500, startMs: 60_000 });
    const [slow, next] = await Promise.all([own.run(job(endless)), own.run(job('well'))]);
    assert.ok(!slow.ok && /takes longer than 500 ms/.test(slow.text), JSON.stringify(slow).slice(0, 200));
    assert.deepEqual(next, { ok: true, text: 'well' });
    await own.close();
    assert.deepEqual(await own.run(job('x')), {
      ok: false,
      line: 1,
      column: 1,
      text: 'the dispatcher is stopping',
    });
  });

  test('a thread that fills its heap is ended, and nothing else', async () => {
    const small = createTemplateRunner({ ...patient, heapMib: 12 });
    const full = await small.run(job('x', 4_000, { many: Array.from({ length: 400_000 }, () => [0]) }));
    assert.deepEqual(full, { ok: false, line: 1, column: 1, text: 'the template needs more than 12 MiB' });
    assert.deepEqual(await small.run(job('well')), { ok: true, text: 'well' });
    await small.close();
  });

  test('a deadline that passes while we are busy ourselves is none of the template’s', async () => {
    const own = createTemplateRunner({ deadlineMs: 200, startMs: 60_000 });
    const started = await own.run(job('warm'));
    const answer = own.run(job('x'));
    // The thread answers meanwhile; this one sees neither answer nor deadline.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    assert.deepEqual([started.ok, await answer], [true, { ok: true, text: 'x' }]);
    await own.close();
  });

  test('too many that wait are refused at once', async () => {
    const own = createTemplateRunner(patient);
    const answers = Array.from({ length: 300 }, () => own.run(job('x')));
    const last = await answers.at(-1);
    assert.ok(last !== undefined && !last.ok && last.text === 'too many renderings wait');
    await own.close();
    const rest = await Promise.all(answers);
    assert.equal(rest.length, 300);
  });

  test('a thread that cannot start in time is no end of waiting', async () => {
    const own = createTemplateRunner({ deadlineMs: 60_000, startMs: 0 });
    const answer = await own.run(job('x'));
    assert.ok(!answer.ok && /has not started within 0 ms/.test(answer.text));
    await own.close();
  });
});

describe('checking', () => {
  const check = async (source: string): ReturnType<typeof checkTemplate> => checkTemplate(source, { runner });

  const good = [
    'plain words',
    '{{ alert.title | bold }}\n{% for m in messages %}{{ m.sources[0].address | code }}{% endfor %}',
    '{{ alert | path: "alert.classification.text" }}',
    '{% if digest %}{{ digest.count }} from {{ digest.from }}{% endif %}',
  ];
  for (const source of good)
    test(`good: ${source.slice(0, 50)}`, async () => assert.deepEqual(await check(source), { ok: true }));

  const bad: readonly (readonly [string, number, number, RegExp])[] = [
    ['a\n b {{ alert.title | raw }}', 2, 4, /undefined filter: raw/],
    ['{% if alert.title %}\nx', 1, 1, /not closed/],
    ['x\n{% include "/etc/passwd" %}', 2, 1, /tag "include" not found/],
    ['x\ny {{ alert | path: "source.address" }}', 2, 21, /source\.address/],
    ['{{ alert | path: tag }}', 1, 1, /path wants a path in quotes/],
    ['{{ "a" | date: }}{{', 1, 18, /./],
  ];
  for (const [source, line, column, text] of bad) {
    test(`bad: ${source.replaceAll('\n', '⏎')}`, async () => {
      const result = await check(source);
      assert.ok(!result.ok);
      assert.deepEqual([result.line, result.column], [line, column], result.text);
      assert.match(result.text, text);
    });
  }

  test('a template as long as a book is refused', async () => {
    const result = await check('x'.repeat(20_000));
    assert.ok(!result.ok && /longer than 16384 characters/.test(result.text));
  });

  test('Prelude’s mail templates are taken as they are', async () => {
    assert.deepEqual(await check('x\n#if $alert.messageid\n$alert.classification.text\n#end if'), {
      ok: true,
    });
    const result = await check('x\n$alert.clasification.text');
    assert.ok(!result.ok);
    assert.deepEqual([result.line, result.column], [2, 2], result.text);
  });
});

describe('a renderer with templates', async () => {
  const log = recordingLogger();
  const renderer = await createRenderer({ log, instance: 'x', templateWorker: patient });
  after(() => renderer.close());
  const said = (): string[] => log.events('template-failed').map(({ text }) => text);

  test('renders by template; the plain text is the usual one', async () => {
    const rendered = await renderer.messages(samples.slice(0, 1), wish('{{ alert.title }} {{ tag }}'));
    assert.equal(rendered.body, 'Brute force attack #k3f9');
    assert.match(rendered.plain, /^\[HIGH\] Brute force attack/);
  });

  test('a template that fails costs no alert and one line of log', async () => {
    const usual = (await renderer.messages(samples.slice(0, 1), wish('{{ alert.title }}'))).plain;
    for (let turn = 0; turn < 3; turn += 1) {
      const { body } = await renderer.messages(
        samples.slice(0, 1),
        wish('{{ alert.title | divided_by: 0 | nothing }}'),
      );
      assert.equal(body, usual);
    }
    assert.deepEqual(said(), [
      'template of soc: line 1: undefined filter: nothing; the usual text is sent instead',
    ]);
  });

  test('a path that is none costs no alert either', async () => {
    const { body } = await renderer.messages(samples.slice(0, 1), wish('{{ alert | path: "x" }}'));
    assert.match(body, /^\[HIGH\]/);
    assert.match(
      said().at(-1) ?? '',
      /^template of soc: path .*x|^template of soc: .*; the usual text is sent instead$/,
    );
    assert.equal(said().length, 2);
  });

  test('a storm has the usual words unless the template speaks of digests', async () => {
    const digest = {
      count: 7,
      firstAt: 0,
      lastAt: 0,
      severities: {},
      classifications: [],
      sources: [],
      targets: [],
      distinct: { classifications: 0, sources: 0, targets: 0 },
    };
    assert.match((await renderer.digest(digest, wish('{{ alert.title }}'))).body, /^Storm: 7 alerts/);
    assert.equal((await renderer.digest(digest, wish('{{ digest.count }} of them'))).body, '7 of them');
  });
});
