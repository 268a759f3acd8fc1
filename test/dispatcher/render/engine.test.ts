/** Liquid as templates get it: what it can say, and what it cannot be made to say. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { templateLimits } from '../../../src/core/limits.ts';
import type { Medium } from '../../../src/dispatcher/model/sink.ts';
import { cleanLines } from '../../../src/dispatcher/render/clean.ts';
import { Vocabulary } from '../../../src/dispatcher/render/phrases.ts';
import {
  digestData,
  messagesData,
  pathsOf,
  speaksOfDigests,
  type DataTerms,
} from '../../../src/dispatcher/render/template/data.ts';
import { createEngine } from '../../../src/dispatcher/render/template/engine.ts';
import { sampleMessages } from '../../../src/dispatcher/render/template/samples.ts';
import { writers } from '../../../src/dispatcher/render/writers.ts';
import { anyText } from '../../support/any-text.ts';
import { alike, readBack } from './read-back.ts';

const media = Object.keys(writers).filter((name): name is Medium => name in writers);
const samples = await sampleMessages();

function terms(source: string): DataTerms {
  return {
    source,
    wish: {
      tag: '#k3f9',
      repeated: false,
      recipient: { name: 'soc', locale: 'en', timeZone: 'UTC', verbatim: false },
    },
    phrases: new Vocabulary([]).phrases('en', 'UTC'),
    instance: 'soc.example',
  };
}

function render(source: string, medium: Medium = 'telegram-html', limit = 4_000): string {
  const engine = createEngine(medium);
  return engine.render(engine.parse(source), messagesData(samples, terms(source)), limit);
}

describe('variables', () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      '{{ alert.title }}|{{ alert.severity }}|{{ alert.severityRank }}|{{ alert.urgency }}',
      'Brute force attack|high|4|3',
    ],
    ['{{ alert.when }}|{{ alert.whenIso }}', '14 Mar 2026, 08:26:52 UTC|2026-03-14T08:26:52.580Z'],
    ['{{ alert.sources[0].address }}:{{ alert.targets.first.port }}', '198.51.100.7:22'],
    ['{{ alert.analyzer }} @ {{ alert.node }}', 'snort @ ids1.\u200bexample.\u200borg'],
    ['{% for d in alert.details %}{{ d.name }}={{ d.value }};{% endfor %}', 'attempts=37;'],
    ['{{ alert.message.analyzers[0].model }}', 'Snort'],
    [
      '{{ count }} {{ messages.size }} {{ tag }} {{ recipient }} {{ instance }} {{ repeated }}',
      '3 3 #\u200bk3f9 soc soc.\u200bexample false',
    ],
    ['{% if digest %}storm{% else %}alerts{% endif %}', 'alerts'],
    ['{% if alert.correlation %}x{% endif %}{{ alert.nothing.at.all }}{{ messages[1].when | size }}', '25'],
    ['{{ alert | path: "alert.source(0).node.address(0).address" }}', '198.51.100.7'],
    ["{{ alert | path: 'alert.target(*).service.name' }}", 'ssh'],
    ['{{ messages[2] | path: "alert.analyzer(0).name" }}', '&lt;b&gt;*_`[x](y)'],
    ['{{ alert | path: "alert.correlation_alert.name" }}', ''],
    ['{% capture x %}{{ messages[2].analyzer }}{% endcapture %}{{ x }}', '&lt;b&gt;*_`[x](y)'],
    ['{{ alert.targets }}{{ alert }}', ', '.slice(2)],
    ['{{ alert.title | upcase | truncate: 9 }}', 'BRUTE ...'],
    ['{% raw %}{{ x }}{% endraw %}', '{{ x }}'],
    ['{% echo messages[2].analyzer %}{% liquid echo messages[2].analyzer %}', '&lt;b&gt;*_`[x](y)'.repeat(2)],
  ];
  for (const [source, expected] of cases) test(source, () => assert.equal(render(source), expected));

  test('of a digest', () => {
    const source =
      '{{ digest.count }} {{ digest.severities.high }} {{ digest.sources[0].value }} {{ digest.from }}';
    const engine = createEngine('plain');
    const facts = {
      count: 7,
      firstAt: 0,
      lastAt: 1_000,
      severities: { 4: 2 },
      classifications: [],
      sources: [{ value: '198.51.100.7', count: 7 }],
      targets: [],
      distinct: { classifications: 0, sources: 1, targets: 0 },
    };
    const text = engine.render(engine.parse(source), digestData(facts, terms(source)), 4_000);
    assert.equal(text, '7 2 198.51.100.7 1 Jan 1970, 00:00:00 UTC');
  });

  const words: readonly (readonly [string, boolean])[] = [
    ['{% if digest %}{{ digest.count }}{% endif %}', true],
    ['{{count}}: {{ digest.from }}', true],
    ['Daily digest of {{ instance }}: {{ alert.title }}', false],
    ['{{ alert.digestion }}', false],
  ];
  for (const [source, speaks] of words) {
    test(`a storm is ${speaks ? '' : 'not '}told by ${source}`, () =>
      assert.equal(speaksOfDigests(source), speaks));
  }

  test('paths are found where they stand in quotes, each once', () => {
    assert.deepEqual(
      pathsOf('{{ alert|path:"a.b" }}{{ m | path: \'a.c(0)\' }}{% if alert | path: "a.b" %}'),
      ['a.b', 'a.c(0)'],
    );
  });
});

describe('markup of values', () => {
  const cases: readonly (readonly [Medium, string, string])[] = [
    ['telegram-html', '<i>{{ messages[2].analyzer | bold }}</i>', '<i><b>&lt;b&gt;*_`[x](y)</b></i>'],
    [
      'slack-mrkdwn',
      '{{ alert.title | bold }} {{ alert.sources[0].address | code }}',
      '*Brute force attack* `198.51.100.7`',
    ],
    ['markdown', '{{ messages[2].analyzer | code }}', '`` <b>*_`[x](y) ``'],
    [
      'discord',
      '{{ messages[2].title }}',
      '\\<!channel\\> @\u200beveryone {\u200b{ 7 \\| times: 7 }} {% include "x" %}',
    ],
    ['plain', '{{ messages[2].title | bold }}', '<!channel> @everyone {{ 7 | times: 7 }} {% include "x" %}'],
    ['line', 'a\n{{ alert.title }}\nb', 'a Brute force attack b'],
  ];
  for (const [medium, source, expected] of cases) {
    test(`${medium}: ${source}`, () => assert.equal(render(source, medium), expected));
  }

  test('in every medium, whatever the value, it is text', () => {
    const junk = fc.oneof(
      anyText(40),
      fc.constantFrom('<b>', '*x*', '</code>', 'a\nb', '{{ x }}', '[x](y)', '@all'),
    );
    for (const medium of media) {
      const engine = createEngine(medium);
      const template = engine.parse('{{ v }}');
      fc.assert(
        fc.property(junk, (v) => {
          const seen = readBack(medium, engine.render(template, { v }, 4_000));
          const newline = medium === 'line' ? ' | ' : '\n';
          const expected = alike(cleanLines(v).replaceAll('\n', newline));
          const isLine = medium === 'line';
          assert.equal(alike(seen.text), isLine ? expected.replaceAll(/\s+/g, ' ').trim() : expected);
          assert.deepEqual(
            seen.marks.filter((mark) => !mark.startsWith('auto:')),
            [],
          );
        }),
        { numRuns: 60 },
      );
    }
  });
});

describe('refused', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{{ alert.title | raw }}', /undefined filter: raw/],
    ['{% include "x" %}', /tag "include" not found/],
    ['{% render "x" %}', /tag "render" not found/],
    ['{% layout "x" %}', /tag "layout" not found/],
    ['{% cycle alert.title %}', /tag "cycle" not found/],
    ['{% tablerow x in messages %}{% endtablerow %}', /tag "tablerow" not found/],
    ['{% if x %}', /not closed/],
    ['{{ x | nothing }}', /undefined filter/],
    ['{{ alert | path: tag }}', /path wants a path in quotes/],
    ['{{ tag | path: "alert.messageid" }}', /path is for alerts/],
    [`{{ alert }}${'x'.repeat(templateLimits.sourceChars)}`, /limit exceeded/],
  ];
  for (const [source, message] of cases) {
    test(source.slice(0, 60), () => assert.throws(() => render(source), message));
  }

  // Each of them ended the process once, not the thread: one step took more than the heap by far.
  const doubled = (what: string, times: number): string =>
    `{% capture x %}${what}{% endcapture %}`.repeat(times);
  const greedy: readonly (readonly [string, string, RegExp])[] = [
    ['a text doubled', `${doubled('{{ x }}x{{ x }}', 40)}{{ x | split: "" }}`, /longer than 262144/],
    [
      'a filter’s text doubled',
      `{% assign x = "xxxx" %}${'{% assign x = x | append: x %}'.repeat(40)}`,
      /longer|memory/,
    ],
    [
      'a range that cannot count',
      '{% for i in (9007199254740992..9007199254740994) %}x{% endfor %}',
      /a range begins/,
    ],
    ['the same, by a name', '{% assign a = 1 %}{% for i in (a..3) %}x{% endfor %}', /a range begins/],
    [
      'the same, as an argument',
      '{{ count | plus: (9007199254740992..9007199254740994) }}',
      /a range begins/,
    ],
    ['a long range', '{% for i in (1..90000000) %}x{% endfor %}', /memory/],
    [
      'lists within lists',
      `{% assign a = "x,y" | split: "," %}${'{% assign a = a | push: a | push: a | push: a %}'.repeat(40)}{{ a }}`,
      /longer/,
    ],
    [
      'a list of lists as text',
      '{% assign a = messages | map: "details" %}'.concat('{% assign a = a | concat: a %}'.repeat(40)),
      /longer|memory/,
    ],
    ['a wide date', '{{ "now" | date: "%90000000Y" }}', /memory/],
  ];
  for (const [name, source, message] of greedy) {
    test(`no memory for ${name}`, () => assert.throws(() => render(source), message));
  }

  test('nothing of JavaScript can be reached', () => {
    const source =
      '{{ alert.constructor }}{{ alert.__proto__ }}{{ alert.toString }}{{ messages.constructor.name }}{{ tag.constructor }}{{ alert.paths.constructor }}';
    assert.equal(render(source), '');
  });
});

describe('within the limit', () => {
  test('long values are shortened, markup stays whole', () => {
    const source = '<b>{{ v }}</b><code>{{ v }}</code>';
    const engine = createEngine('telegram-html');
    const text = engine.render(engine.parse(source), { v: '<'.repeat(3_000) }, 1_000);
    assert.equal(text, `<b>${'&lt;'.repeat(100)}…</b><code>${'&lt;'.repeat(100)}…</code>`);
  });

  test('a template that is too long by itself is refused', () => {
    assert.throws(
      () => render('x'.repeat(100), 'plain', 50),
      /longer than the 50 characters the medium takes/,
    );
  });
});
