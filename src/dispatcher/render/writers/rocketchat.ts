/**
 * Rocket.Chat's own Markdown. It honours no backslash (`\[` and `\(` begin a formula), no `<>` around addresses and no fence of several
 * backticks within a line, and a link's label may begin many lines before.
 *
 * So what could mean something is replaced by a character that looks alike (`∗ ＿ ∼ ‵ ¦`) or broken up by a zero-width space, and addresses
 * stand beside their label. Source: the grammar of its message parser.
 */

import { ZERO_WIDTH } from '../linkish.ts';
import { same, type Span, type Writer } from '../writer.ts';

const alike: Readonly<Record<string, string>> = { '*': '∗', _: '＿', '~': '∼', '`': '‵', '|': '¦' };

function neutral(text: string): string {
  return text
    .replace(/[*~`|]|(?<![A-Za-z0-9])_/g, (char) => alike[char] ?? char)
    .replace(/^(?=\u00a0*(?:[-+>#]|\d+[.)]))/, ZERO_WIDTH)
    .replace(/[@#]|\](?=\()|\\(?=[[(])|<(?=t:)/g, `$&${ZERO_WIDTH}`)
    .replace(/:(?=(?!\d\d:)[\w+.-]+:)/g, `:${ZERO_WIDTH}`);
}

function span(open: string, close: string, how: Span['neutral']): Span {
  return { open, close, neutral: how, escape: same };
}

export const rocketchatWriter: Writer = {
  newline: '\n',
  indent: '\u00a0',
  plain: span('', '', neutral),
  bold: span('*', '*', neutral),
  code: () => span('`', '`', (text) => text.replaceAll('`', '‵')),
  link: undefined,
  bareLink: same,
  autolinks: true,
};
