/**
 * HTML: Telegram's small subset (parse_mode HTML: b, code, a; code stands in nothing and holds nothing), and mails.
 *
 * Mail programs make links of anything that looks like a host, even in `<code>`, so there a zero-width space goes into such
 * words; Telegram leaves code alone.
 */

import { breakLinks } from '../linkish.ts';
import { same, type Span, type Writer } from '../writer.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => entities[char] ?? char);
}

function tag(name: string, neutral: (text: string) => string, attributes = ''): Span {
  return { open: `<${name}${attributes}>`, close: `</${name}>`, neutral, escape: escapeHtml };
}

const bare: Span = { open: '', close: '', neutral: same, escape: escapeHtml };

export const telegramWriter: Writer = {
  newline: '\n',
  indent: ' ',
  plain: bare,
  bold: tag('b', same),
  code: () => tag('code', same),
  link: (url) => tag('a', same, ` href="${escapeHtml(url)}"`),
  autolinks: true,
};

export const mailWriter: Writer = {
  newline: '<br>\n',
  indent: '\u00a0',
  plain: bare,
  bold: tag('b', same),
  code: () => tag('code', breakLinks),
  link: (url) => tag('a', same, ` href="${escapeHtml(url)}"`),
  autolinks: true,
};
