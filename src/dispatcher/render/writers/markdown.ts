/**
 * The three dialects of Markdown: GitHub, Mattermost and TheHive (`markdown`), Discord, and the cards of Microsoft Teams.
 *
 * Characters with a meaning get a backslash, which all of them honour. What is special only at the beginning of a line (lists,
 * headings, `===`) gets a zero-width space before it. GitHub finds mentions, issue numbers and emoji in the text that results, where a
 * backslash is gone: there a zero-width space goes in behind the mark. HTML dies with `<` and `&`.
 */

import { breakLinks, ZERO_WIDTH } from '../linkish.ts';
import { same, type Span, type Writer } from '../writer.ts';

/** `# x`, `- x`, `+ x`, `1. x`, `===`, `:::`. */
function lineStart(text: string): string {
  return text.replace(/^(?=\u00a0*(?:[-+=#:]|\d+[.)]))/, ZERO_WIDTH);
}

/** `@ana`, `#12`, `GH-12`, `:tada:` (but not the minutes of a time), `{{DATE(…)}}`. */
function neutral(text: string): string {
  return lineStart(text)
    .replace(/[@#]|\bGH-(?=\d)/gi, `$&${ZERO_WIDTH}`)
    .replace(/:(?=(?!\d\d:)[\w+-]+:)/g, `:${ZERO_WIDTH}`)
    .replace(/\{(?=\{)|\$(?=\{)/g, `$&${ZERO_WIDTH}`);
}

function backslashed(special: RegExp): (text: string) => string {
  return (text) => text.replace(special, '\\$&');
}

const escapeMarkdown = backslashed(/[\\`*_[\]<>&|~$]/g);
const escapeDiscord = backslashed(/[\\`*_[\]<>|~]/g);

function span(open: string, close: string, escape: Span['escape'], how: Span['neutral'] = neutral): Span {
  return { open, close, neutral: how, escape };
}

/** A fence longer than any run of backticks in the content; the blanks at its ends are not part of it. */
function fenced(content: string): Span {
  const runs = content.match(/`+/g);
  if (runs === null) return span('`', '`', same, same);
  const fence = '`'.repeat(Math.max(...runs.map(({ length }) => length)) + 1);
  return span(`${fence} `, ` ${fence}`, same, same);
}

export const markdownWriter: Writer = {
  // Two blanks: a line break everywhere; a backslash is shown as such by some.
  newline: '  \n',
  indent: '\u00a0',
  plain: span('', '', escapeMarkdown),
  bold: span('**', '**', escapeMarkdown),
  code: fenced,
  link: (url) => span('[', `](<${url}>)`, escapeMarkdown),
  bareLink: (url) => `<${url}>`,
  autolinks: true,
};

export const discordWriter: Writer = {
  newline: '\n',
  indent: '\u00a0',
  plain: span('', '', escapeDiscord),
  bold: span('**', '**', escapeDiscord),
  // Discord's rule for backticks in code differs from everybody's.
  code: () => span('`', '`', same, (text) => text.replaceAll('`', '‵')),
  // In `<>` a link has no preview.
  link: (url) => span('[', `](<${url}>)`, escapeDiscord),
  bareLink: (url) => `<${url}>`,
  autolinks: true,
};

/** A TextBlock knows bold, lists and links, but no code; a single line break is none. */
export const teamsWriter: Writer = {
  newline: '\n\n',
  indent: '\u00a0',
  plain: span('', '', escapeMarkdown),
  bold: span('**', '**', escapeMarkdown),
  code: () => span('', '', escapeMarkdown, (text) => breakLinks(neutral(text))),
  link: (url) => span('[', `](${url})`, escapeMarkdown),
  autolinks: true,
};
