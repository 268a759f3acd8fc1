/** Escaping: whatever the text, each medium shows exactly that text and nothing that we did not make. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import type { Medium } from '../../../src/dispatcher/model/sink.ts';
import { cleanLine, cleanLines, cutUnits } from '../../../src/dispatcher/render/clean.ts';
import { expand, escapeValue } from '../../../src/dispatcher/render/expand.ts';
import { fit, lengthOf, write } from '../../../src/dispatcher/render/fit.ts';
import { isLinkish } from '../../../src/dispatcher/render/linkish.ts';
import * as pieces from '../../../src/dispatcher/render/pieces.ts';
import type { Doc } from '../../../src/dispatcher/render/pieces.ts';
import { writers } from '../../../src/dispatcher/render/writers.ts';
import { anyText } from '../../support/any-text.ts';
import { alike, readBack } from './read-back.ts';

const media = Object.keys(writers).filter((name): name is Medium => name in writers);
const spans = new Set<Medium>([
  'telegram-html',
  'slack-mrkdwn',
  'discord',
  'markdown',
  'rocketchat',
  'html-mail',
]);

/** What attackers write, and what only looks like it. */
const bits = [
  'a',
  'Z',
  '7',
  'é',
  '漢',
  '🚨',
  '👩‍👩‍👧',
  ' ',
  ' ',
  '\n',
  '\r\n',
  '\t',
  '\u0000',
  '\u001b[31m',
  '\u009b',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u{e0041}',
  '\ud83d',
  '*',
  '_',
  '~',
  '`',
  '``',
  '|',
  '||',
  '>',
  '<',
  '&',
  '"',
  "'",
  '\\',
  '[',
  ']',
  '(',
  ')',
  '!',
  '#',
  '-',
  '+',
  '=',
  '.',
  ':',
  '$',
  '{',
  '{{',
  '@',
  '/',
  ',',
  ';',
  '%',
  '<!channel>',
  '<@U12345>',
  '@everyone',
  '@ana',
  '#123',
  'GH-7',
  ':tada:',
  '<b>',
  '</b>',
  '&lt;',
  '&amp;',
  '<!--',
  '-->',
  '<script>',
  '[x](http://evil.example)',
  'http://evil.example/a?b=c&d=e',
  'https://ok.example/',
  'www.evil.example',
  'evil.example',
  'ana@evil.example',
  '/reboot',
  '198.51.100.7',
  '2001:db8::1',
  '+34600111222',
  '1. ',
  '- ',
  '# ',
  '> ',
  '```',
  '{{DATE(2017-02-14T06:08:00Z)}}',
  '${x}',
  'javascript:alert(1)',
  '∗',
  '‵',
  '›',
];
const hostile = fc.array(fc.constantFrom(...bits), { maxLength: 14 }).map((parts) => parts.join(''));
const keycaps = fc.constantFrom('*️⃣', '#️⃣', '1️⃣', 'e\u0301', 'नि', '🇪🇸', '👍🏽', '❤️‍🔥');
const graphemes = fc.array(keycaps, { maxLength: 8 }).map((parts) => parts.join(''));
const anything = fc.oneof(
  hostile,
  anyText(),
  graphemes,
  fc.tuple(hostile, graphemes, hostile).map((parts) => parts.join('')),
);

function writtenIn(medium: Medium, ...doc: readonly pieces.Piece[]): string {
  return write(doc, writers[medium]);
}

/** A hundred times quicker to make than fast-check's own. */
const webUrl = fc
  .tuple(
    fc.constantFrom('http', 'https', 'ftp', 'HTTPS'),
    fc.constantFrom(
      'x.example',
      'X.Example:8443',
      'bücher.example',
      '198.51.100.7',
      'a-b_c.example',
      '[2001:db8::1]',
    ),
    fc.array(fc.constantFrom('/', 'a', '%20', '(', ')', "'", '*', '|', 'é', '~', '_', '.', '..', '\\'), {
      maxLength: 8,
    }),
    fc.array(fc.constantFrom('?', '&', '=', 'b', '#', '<', '>', '`', '"', '+', '%', '[', ']'), {
      maxLength: 8,
    }),
  )
  .map(([scheme, host, path, rest]) => `${scheme}://${host}/${path.join('')}${rest.join('')}`);

describe('cleaning', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['C0, DEL and C1', 'a\u0000\u0007b\u007f\u0080\u009fc', 'abc'],
    ['a terminal escape', '\u001b[2Jx\u009b31m', '[2Jx31m'],
    ['line breaks of all kinds', 'a\r\nb\rc\u2028d\u2029e\u0085f\vg', 'a b c d e f g'],
    ['a mail header', 'Subject\r\nBcc: all@example.org', 'Subject Bcc: all@example.org'],
    ['bidirectional controls', 'a\u202egpj.exe\u2066\u061c\u200f', 'agpj.exe'],
    ['zero-width and tag characters', 'a\u200b\u2060\ufeff\u00ad\u{e0041}\u{e0141}b', 'ab'],
    [
      'a lone surrogate, also when something stands between two',
      'a\ud83db\ud83d\u200b\ude00',
      'a\ufffdb\ufffd\ufffd',
    ],
    ['noncharacters', 'a\uffff\ufdd0\u{1fffe}b', 'ab'],
    ['a family stays one', '👩‍👩‍👧 and a\u200db', '👩‍👩‍👧 and ab'],
    ['emoji with variation and skin', '❤️‍🔥 👍🏽', '❤️‍🔥 👍🏽'],
    ['marks without end', `z${'\u0301'.repeat(500)}`, `z${'\u0301'.repeat(4)}`],
    ['blanks', '  a \u00a0\t b  ', 'a b'],
  ];
  for (const [name, input, expected] of cases) test(name, () => assert.equal(cleanLine(input), expected));

  test('several lines keep their breaks and their indentation', () => {
    assert.equal(cleanLines('\r\n\na\t b  \r\n  c\u2028\n\nd\u0000\n\n'), 'a  b\n  c\n\n\nd');
  });

  test('a text of many blanks and line breaks is no work', () => {
    const before = process.cpuUsage();
    for (const one of [' ', '\n', '\u00a0', ' \n']) {
      const many = one.repeat(200_000);
      assert.equal(cleanLine(`x${many}x`), 'x x');
      assert.equal(cleanLines(`${many}x${many}`).trim(), 'x');
      assert.match(cleanLines(`x${many}x`), /^x\s+x$/);
    }
    const { user } = process.cpuUsage(before);
    assert.ok(user < 20_000_000, `${user} µs`);
  });

  test('a cut leaves no half of a surrogate pair', () => {
    assert.deepEqual([cutUnits('a🚨b', 2), cutUnits('a🚨b', 3), cutUnits('a🚨b', 4)], ['a…', 'a🚨…', 'a🚨b']);
    for (const piece of [pieces.code(`x${'🚨'.repeat(3_000)}`), pieces.code(`x${'🚨'.repeat(90)}`, 100)]) {
      assert.match(writtenIn('plain', piece), /^x🚨+…$/u);
    }
  });

  test('twice is once, and nothing dangerous is left', () => {
    fc.assert(
      fc.property(anything, (input) => {
        for (const clean of [cleanLine(input), cleanLines(input)]) {
          assert.doesNotMatch(
            clean,
            // oxlint-disable-next-line no-control-regex -- what must be gone
            /[\0-\t\v-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\u{e0000}-\u{e0fff}]|\p{Surrogate}/u,
          );
        }
        assert.equal(cleanLine(cleanLine(input)), cleanLine(input));
        assert.equal(cleanLines(cleanLines(input)), cleanLines(input));
      }),
      { numRuns: 300 },
    );
  });
});

/** The marks a document asks for, as a reader finds them. */
function wanted(doc: Doc, medium: Medium): string[] {
  return doc.flatMap((piece) => {
    const hasCode = spans.has(medium);
    switch (piece.kind) {
      case 'code':
        return hasCode && piece.text !== '' ? [`code:${piece.text}`] : [];
      case 'prose':
        return hasCode ? codeWords(piece.text) : [];
      case 'bold':
        return runsOf(piece.text, hasCode);
      case 'link':
        return [`a:${piece.url}`];
      case 'label':
      case 'verbatim':
      case 'newline':
        return [];
      default:
        return piece satisfies never;
    }
  });
}

function codeWords(text: string): string[] {
  return isLinkish(text)
    ? text
        .split(' ')
        .filter(isLinkish)
        .map((word) => `code:${word}`)
    : [];
}

function runsOf(text: string, hasCode: boolean): string[] {
  const runs: string[] = [];
  let plain: string[] = [];
  const flush = (): void => {
    if (plain.length > 0) runs.push(`b:${plain.join(' ')}`);
    plain = [];
  };
  for (const word of text.split(' ').filter((each) => each !== '')) {
    if (!isLinkish(text) || !isLinkish(word)) plain.push(word);
    else {
      flush();
      if (hasCode) runs.push(`code:${word}`);
    }
  }
  flush();
  return runs;
}

function textOf(doc: Doc, medium: Medium): string {
  const newline = medium === 'line' ? ' | ' : '\n';
  return doc
    .map((piece) => {
      if (piece.kind === 'newline') return newline;
      if (piece.kind === 'verbatim') return piece.text.replaceAll('\n', newline);
      if (piece.kind === 'link' && writers[medium].link === undefined) return `${piece.text} ${piece.url}`;
      return piece.text;
    })
    .join('');
}

/** Marks as a person compares them. */
function normal(marks: readonly string[]): string[] {
  return marks.map((mark) => alike(mark).replaceAll('\u200b', ''));
}

for (const medium of media) {
  describe(medium, () => {
    const writer = writers[medium];

    test('whatever the text, it reads as it is and means nothing', () => {
      fc.assert(
        fc.property(anything, anything, anything, (one, two, three) => {
          const doc: Doc = [
            pieces.bold(one),
            pieces.label(' — '),
            pieces.prose(two),
            pieces.newline,
            pieces.code(three),
            pieces.newline,
            pieces.prose(one),
          ];
          const seen = readBack(medium, write(doc, writer));
          assert.equal(alike(seen.text), alike(textOf(doc, medium)));
          if (!['plain', 'line', 'json'].includes(medium)) {
            assert.deepEqual(normal(seen.marks), normal(wanted(doc, medium)), write(doc, writer));
          }
        }),
        { numRuns: 300 },
      );
    });

    test('a link is what safeUrl let through, and says its host', () => {
      fc.assert(
        fc.property(anything, fc.oneof(webUrl, anything), (name, url) => {
          const doc: Doc = [pieces.label('See '), ...pieces.link(name, url)];
          const seen = readBack(medium, write(doc, writer));
          assert.equal(alike(seen.text), alike(textOf(doc, medium)));
          for (const mark of seen.marks) {
            if (mark.startsWith('a:')) assert.match(mark, /^a:(?:https?|ftp):\/\/[^\s"'<>()[\]|]+$/);
            else assert.match(mark, /^code:/);
          }
        }),
        { numRuns: 200 },
      );
    });

    test('a posted text reads as it was posted', () => {
      fc.assert(
        fc.property(anything, (posted) => {
          const doc: Doc = [pieces.verbatim(posted, 4000)];
          const seen = readBack(medium, write(doc, writer));
          assert.equal(alike(seen.text).trim(), alike(textOf(doc, medium)).trim());
          for (const mark of seen.marks) assert.match(mark, /^(?:a|auto):/);
        }),
        { numRuns: 200 },
      );
    });

    test('a cut keeps to the limit, and to whole characters, entities and tags', () => {
      const tail: Doc = [pieces.newline, pieces.label('k3f9')];
      fc.assert(
        fc.property(anything, anything, fc.integer({ min: 0, max: 60 }), (one, two, limit) => {
          const doc: Doc = [
            pieces.bold(one),
            pieces.label(' '),
            pieces.code(two),
            pieces.newline,
            ...pieces.link(one, 'https://ref.example/x?y=1&z=2'),
            pieces.newline,
            pieces.prose(`${two} ${one}`),
          ];
          const cut = fit(doc, writer, limit, tail);
          assert.ok(lengthOf(cut) <= limit, `${lengthOf(cut)} > ${limit}: ${cut}`);
          const seen = readBack(medium, cut);
          const whole = alike(textOf(doc, medium));
          const shown = alike(seen.text);
          const end = alike(textOf(tail, medium));
          const body = shown.endsWith(end) ? shown.slice(0, -end.length) : shown;
          if (body !== whole)
            assert.ok(
              body === '' || (body.endsWith('…') && whole.startsWith(body.slice(0, -1))),
              `${body} of ${whole}`,
            );
          if (limit >= 40) assert.ok(shown.endsWith('k3f9'));
        }),
        { numRuns: 300 },
      );
    });

    test('a value of a template means nothing either', () => {
      fc.assert(
        fc.property(anything, (value) => {
          const clean = cleanLine(value);
          const seen = readBack(medium, escapeValue(clean, writer));
          assert.equal(alike(seen.text), alike(clean));
          const links = seen.marks.filter((mark) => !/^auto:\d+(?:\.\d+){3}$/.test(mark));
          assert.deepEqual(links, []);
        }),
        { numRuns: 200 },
      );
    });
  });
}

describe('in particular', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'Slack: <!channel> and links',
      writtenIn('slack-mrkdwn', pieces.prose('<!channel> a & b')),
      '&lt;!channel&gt; a &amp; b',
    ],
    [
      'Slack: formatting at the edge of a word',
      writtenIn('slack-mrkdwn', pieces.prose('*x* snake_case 5 * 3 _y_')),
      '∗x* snake_case 5 * 3 ＿y_',
    ],
    [
      'Slack: a link',
      writtenIn('slack-mrkdwn', ...pieces.link('a|b>', 'https://x.example/?a=1&b=2')),
      '<https://x.example/?a=1&amp;b=2|a¦b&gt; (x.example)>',
    ],
    [
      'Telegram: markup',
      writtenIn('telegram-html', pieces.bold('<b>"x" & y')),
      '<b>&lt;b&gt;&quot;x&quot; &amp; y</b>',
    ],
    [
      'Telegram: no code within bold',
      writtenIn('telegram-html', pieces.bold('Scan of evil.example by bob')),
      '<b>Scan of</b> <code>evil.example</code> <b>by bob</b>',
    ],
    [
      'Telegram: a host, a mention, a command',
      writtenIn('telegram-html', pieces.prose('see evil.example @ana /reboot now')),
      'see <code>evil.example</code> <code>@ana</code> <code>/reboot</code> now',
    ],
    ['Discord: @everyone', writtenIn('discord', pieces.label('hi @everyone')), 'hi @\u200beveryone'],
    [
      'Discord: a spoiler and a masked link',
      writtenIn('discord', pieces.label('||x|| [a](b)')),
      '\\|\\|x\\|\\| \\[a\\](b)',
    ],
    [
      'Markdown: a mention, an issue, a comment',
      writtenIn('markdown', pieces.label('@ana #12 <!-- x -->')),
      '@\u200bana #\u200b12 \\<!-- x --\\>',
    ],
    ['Markdown: backticks in code', writtenIn('markdown', pieces.code('a``b`')), '``` a``b` ```'],
    ['Markdown: a list', writtenIn('markdown', pieces.prose('- x')), '\u200b- x'],
    [
      'Rocket.Chat: no backslash, no masked link, no spoiler',
      writtenIn('rocketchat', pieces.bold('[HIGH] *x* ||y|| [z](w) \\[a')),
      '*[HIGH] ∗x∗ ¦¦y¦¦ [z]\u200b(w) \\\u200b[a*',
    ],
    [
      'Rocket.Chat: nothing ends code',
      writtenIn('rocketchat', pieces.code('a`@all`[x](https://evil.example)')),
      '`a‵@all‵[x](https://evil.example)`',
    ],
    [
      'Rocket.Chat: an address beside its label',
      writtenIn('rocketchat', ...pieces.link('CVE', 'https://x.example/a_b?c#d')),
      'CVE (x.\u200bexample) https://x.example/a_b?c#d',
    ],
    ['Teams: a date function', writtenIn('teams', pieces.label('{{DATE(x)}}')), '{\u200b{DATE(x)}}'],
    [
      'Mail: a host is no link',
      writtenIn('html-mail', pieces.prose('evil.example')),
      '<code>evil.\u200bexample</code>',
    ],
    [
      'no link of javascript:',
      writtenIn('telegram-html', ...pieces.link('x', 'javascript:alert(1)')),
      'x <code>javascript:alert(1)</code>',
    ],
    [
      'no link with credentials',
      writtenIn('telegram-html', ...pieces.link('', 'https://bank.example@evil.example/')),
      '<code>https://bank.example@evil.example/</code>',
    ],
    [
      'a posted URL stays one',
      writtenIn('discord', pieces.verbatim('see https://x.example/a_b now', 100)),
      'see <https://x.example/a_b> now',
    ],
    [
      'one line stays one',
      writtenIn('line', pieces.verbatim('a\nb', 100), pieces.newline, pieces.label('c')),
      'a | b | c',
    ],
  ];
  for (const [name, actual, expected] of cases) test(name, () => assert.equal(actual, expected));

  test('a family of emoji is not parted', () => {
    const doc: Doc = [pieces.label('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧')];
    const cut = fit(doc, writers.plain, 12);
    assert.equal(cut, '👩‍👩‍👧👩‍👩‍👧…');
  });

  test('G-AG: Markdown cannot break, so no message is lost for it', () => {
    for (const posted of ['*', '_', '`', '[', '*bold', '_a_b_', '[x](', '```']) {
      const seen = readBack('telegram-html', writtenIn('telegram-html', pieces.verbatim(posted, 100)));
      assert.deepEqual(seen, { text: posted, marks: [] });
    }
  });

  test('no piece without text writes markup', () => {
    for (const medium of media) {
      assert.equal(writtenIn(medium, pieces.bold(' '), pieces.code('\u200b'), pieces.prose('')), '');
      assert.deepEqual(expand([pieces.bold('')], writers[medium]), []);
    }
  });
});
