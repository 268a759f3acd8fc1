/**
 * Small models of how each medium reads what is written to it: the text a person sees, and every bit of markup found.
 *
 * Deliberately generous: whatever could be read as markup, a mention or a link by the medium is reported, so that a writer that lets
 * something through is caught. Zero-width spaces (ours: cleaned text has none) are dropped, Slack's look-alikes are turned back.
 */

import assert from 'node:assert/strict';

import type { Medium } from '../../../src/dispatcher/model/sink.ts';

export interface Seen {
  /** What a person reads, lines separated by `\n`. */
  readonly text: string;
  /** `b:…`, `code:…`, `a:URL`, and names of everything that nobody asked for. */
  readonly marks: readonly string[];
}

const readers: Readonly<Record<Medium, (written: string) => Seen>> = {
  plain: (written) => ({ text: written, marks: [] }),
  json: (written) => ({ text: written, marks: [] }),
  line: (written) => {
    assert.doesNotMatch(written, /[\r\n]/);
    return { text: written, marks: [] };
  },
  'telegram-html': (written) => html(written, /^(?:b|code|a href="([^"<>]*)")$/, '\n'),
  'html-mail': (written) => html(written.replaceAll('<br>\n', '\n'), /^(?:b|code|a href="([^"<>]*)")$/, '\n'),
  'slack-mrkdwn': slack,
  discord: (written) => markdown(written, 'discord'),
  markdown: (written) => markdown(written.replaceAll('  \n', '\n'), 'markdown'),
  rocketchat,
  teams: (written) => markdown(written.replaceAll('\n\n', '\n'), 'teams'),
};

export function readBack(medium: Medium, written: string): Seen {
  assert.doesNotMatch(written, /\p{Surrogate}/u, 'half a surrogate pair');
  const { text, marks } = readers[medium](written);
  return { text: text.replaceAll('\u200b', ''), marks };
}

/** As a person compares: what the writers may replace is the same. */
export function alike(text: string): string {
  return text
    .replaceAll('∗', '*')
    .replaceAll('＿', '_')
    .replaceAll('∼', '~')
    .replaceAll('‵', '`')
    .replaceAll('›', '>')
    .replaceAll('¦', '|')
    .replaceAll('\u00a0', ' ');
}

function html(written: string, allowed: RegExp, newline: string): Seen {
  const marks: string[] = [];
  let text = '';
  let open: { readonly name: string; readonly at: number; readonly href: string } | undefined;
  for (const token of written.split(/(<[^>]*>)/)) {
    if (!token.startsWith('<')) {
      assert.doesNotMatch(token, /[<>]/, 'half a tag');
      assert.doesNotMatch(token, /&(?!(?:amp|lt|gt|quot);)/, 'half an entity');
      const decoded = token
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
      if (open === undefined || open.name === 'b') autolinks(decoded, marks);
      if (open?.name === 'code' && newline === '<br>\n') autolinks(decoded, marks);
      text += decoded;
      continue;
    }
    if (token.startsWith('</')) {
      assert.equal(token.slice(2, -1), open?.name, 'a tag closes what is open');
      marks.push(open?.name === 'a' ? `a:${open.href}` : `${open?.name}:${text.slice(open?.at)}`);
      open = undefined;
      continue;
    }
    assert.equal(open, undefined, 'no tag within a tag');
    const match = allowed.exec(token.slice(1, -1));
    assert.ok(match, `unknown tag ${token}`);
    open = {
      name: /^\w+/.exec(match[0])?.[0] ?? '',
      at: text.length,
      href: (match[1] ?? '').replaceAll('&amp;', '&'),
    };
  }
  assert.equal(open, undefined, 'every tag is closed');
  return { text, marks };
}

/** What clients make links, mentions or commands of by themselves. */
function autolinks(text: string, marks: string[]): void {
  const found = text.match(/\w+:\/\/\S+|\bwww\.\w+|[\p{L}\p{N}]\.[a-z]{2,}\b|[\w.]@\w+|(?:^|\s)[@/]\w+/giu);
  for (const link of found ?? []) marks.push(`auto:${link}`);
}

function slack(written: string): Seen {
  const marks: string[] = [];
  let text = '';
  const token =
    /`([^`\n]*)`|<([^<>|]*)(?:\|([^<>]*))?>|(?<![A-Za-z0-9])\*(?!\s)([^*\n]*?[^*\s])\*|&(amp|lt|gt);|:(?!\d\d:)[\w+'-]+:|([\s\S])/gy;
  for (const match of written.matchAll(token)) {
    const [whole, code, url, label, bold, entity, char] = match;
    if (code !== undefined) {
      marks.push(`code:${slackEntities(code)}`);
      text += slackEntities(code);
    } else if (url !== undefined) {
      assert.match(url, /^(?:https?|ftp):\/\//, `control sequence ${whole}`);
      marks.push(`a:${slackEntities(url)}`);
      text += slackEntities(label ?? url);
    } else if (bold !== undefined) {
      marks.push(`b:${alike(slackEntities(bold)).replaceAll('\u200b', '')}`);
      text += slackEntities(bold);
    } else if (entity !== undefined) {
      text += slackEntities(whole);
    } else if (char === undefined) {
      marks.push(`emoji:${whole}`);
    } else {
      assert.doesNotMatch(char, /[&<>`]/, 'raw special character');
      text += char;
    }
  }
  for (const [mark] of withoutCode(written).matchAll(/(?<![A-Za-z0-9])([_~])(?!\s)[^\n]*?\1/g))
    marks.push(`format:${mark}`);
  autolinks(withoutCode(written), marks);
  return { text: alike(text), marks };
}

function slackEntities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function withoutCode(written: string): string {
  return written.replaceAll(/`[^`\n]*`|<[^<>]*>/g, ' ');
}

function rocketchat(written: string): Seen {
  const marks: string[] = [];
  let text = '';
  let bare = '';
  const token = /`([^`\n]+)`|((?:https?|ftp):\/\/\S+)|\*([^*\n]+)\*|([\s\S])/giy;
  for (const [, code, url, bold, char = ''] of written.matchAll(token)) {
    if (code !== undefined) marks.push(`code:${code}`);
    if (url !== undefined) marks.push(`a:${url}`);
    if (bold !== undefined) marks.push(`b:${alike(bold).replaceAll('\u200b', '')}`);
    assert.doesNotMatch(char, /[*`~|]/, 'raw special character');
    text += code ?? url ?? bold ?? char;
    bare += code !== undefined || url !== undefined ? ' ' : (bold ?? char);
  }
  const meant =
    /\]\(|\\[[(]|<t:|\|\||(?<![A-Za-z0-9])_(?!\s)[^\n]*?_|[@#][\w.-]+|:(?!\d\d:)[\w+.-]+:|^(?:>|#+\s|[-+*]\s|\d+[.)]\s)/gm;
  for (const [mark] of bare.matchAll(meant)) marks.push(`format:${mark}`);
  autolinks(bare, marks);
  return { text: alike(text), marks };
}

function markdown(written: string, dialect: 'markdown' | 'discord' | 'teams'): Seen {
  const marks: string[] = [];
  let text = '';
  let bare = '';
  let bold: number | undefined;
  let at = 0;
  const rest = (): string => written.slice(at);
  while (at < written.length) {
    const lineStart = at === 0 || written[at - 1] === '\n';
    if (
      lineStart &&
      /^(?: {4}|[-+*](?:\s|$)|#{1,6}(?:\s|$)|>|[-=*_ ]{3,}(?:\n|$)|\d+[.)](?:\s|$)|~~~)/.test(rest())
    )
      marks.push(`line:${rest().slice(0, 5)}`);
    const escape = /^\\([^0-9A-Za-z\s])/.exec(rest());
    const code = /^(`+)(?!`)([\s\S]*?[^`])\1(?!`)/.exec(rest());
    const link = /^\[((?:\\.|[^\]\\])*)\]\(<?([^()<>\s]*)>?\)/.exec(rest());
    const auto = /^<((?:https?|ftp):\/\/[^<>\s]*)>/.exec(rest());
    if (escape) {
      text += escape[1];
      bare += escape[1];
      at += 2;
    } else if (code && dialect !== 'teams') {
      const inner = /^ [\s\S]*[^ ][\s\S]* $/.test(code[2] ?? '')
        ? (code[2] ?? '').slice(1, -1)
        : (code[2] ?? '');
      marks.push(`code:${inner}`);
      text += inner;
      bare += ' ';
      at += code[0].length;
    } else if (link) {
      marks.push(`a:${link[2]}`);
      text += (link[1] ?? '').replaceAll(/\\([^0-9A-Za-z\s])/g, '$1');
      at += link[0].length;
    } else if (auto) {
      marks.push(`a:${auto[1]}`);
      text += auto[1];
      at += auto[0].length;
    } else if (rest().startsWith('**')) {
      if (bold === undefined) bold = text.length;
      else {
        marks.push(`b:${text.slice(bold).replaceAll('\u200b', '')}`);
        bold = undefined;
      }
      at += 2;
    } else {
      const char = written[at] ?? '';
      assert.doesNotMatch(char, /[*_`[\]<>|~\\]/, `raw ${char} at ${at} of ${written}`);
      if (dialect !== 'discord') assert.notEqual(char, '&', 'raw ampersand');
      text += char;
      bare += char;
      at += 1;
    }
  }
  assert.equal(bold, undefined, 'bold is closed');
  for (const [mention] of bare.matchAll(/[@#]\w+|:(?!\d\d:)[\w+-]+:|\bGH-\d+|\{\{/gi))
    marks.push(`mention:${mention}`);
  autolinks(bare, marks);
  return { text: alike(text), marks };
}
