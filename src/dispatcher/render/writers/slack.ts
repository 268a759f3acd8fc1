/**
 * Slack's mrkdwn. `& < >` become entities, which kills `<!channel>`, `<@U…>` and links; Slack has no escape for the rest.
 *
 * A character that could open bold, italic, struck-out text or code is replaced by one that looks alike (`∗ ＿ ∼ ‵`), a `>` that
 * could begin a quotation by `›`; emoji names are broken by a zero-width space. Formatting marks count only at the edge of a word.
 */

import { ZERO_WIDTH } from '../linkish.ts';
import type { Span, Writer } from '../writer.ts';

const alike: Readonly<Record<string, string>> = { '*': '∗', _: '＿', '~': '∼' };
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function neutral(text: string): string {
  return text
    .replaceAll('`', '‵')
    .replace(/(?<![A-Za-z0-9])[*_~](?!\s)/g, (char) => alike[char] ?? char)
    .replace(/^(\s*)>/, '$1›')
    .replace(/:(?=(?!\d\d:)[\w+'-]+:)/g, `:${ZERO_WIDTH}`);
}

function neutralCode(text: string): string {
  return text.replaceAll('`', '‵');
}

function escape(text: string): string {
  return text.replace(/[&<>]/g, (char) => entities[char] ?? char);
}

/** Within bold no mark may end it. */
function neutralBold(text: string): string {
  return neutral(text).replaceAll('*', '∗');
}

function span(open: string, close: string, how: (text: string) => string): Span {
  return { open, close, neutral: how, escape };
}

export const slackWriter: Writer = {
  newline: '\n',
  indent: ' ',
  plain: span('', '', neutral),
  bold: span('*', '*', neutralBold),
  code: () => span('`', '`', neutralCode),
  link: (url) => span(`<${escape(url)}|`, '>', (text) => neutral(text).replaceAll('|', '¦')),
  bareLink: (url) => `<${escape(url)}>`,
  autolinks: true,
};
