/**
 * Media without markup: `plain` (files, text mails, second tries), `line` (syslog) and `json` (text that a sink puts into a JSON
 * string itself). Nothing has to be escaped; links say their address.
 */

import { same, type Span, type Writer } from '../writer.ts';

const bare: Span = { open: '', close: '', neutral: same, escape: same };

const plain: Writer = {
  newline: '\n',
  indent: ' ',
  plain: bare,
  bold: bare,
  code: undefined,
  link: undefined,
  autolinks: false,
};

export const plainWriter = plain;

/** One line, whatever the text: what would be a new line is ` | `. */
export const lineWriter: Writer = { ...plain, newline: ' | ' };
