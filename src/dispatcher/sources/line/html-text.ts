/**
 * The readable text of HTML from outside (mails without a text part, titles of feeds): one pass, no interpretation.
 *
 * Tags vanish, blocks begin a line, what stands in script, style, title and head is dropped, the usual entities are decoded. An
 * unclosed tag or comment ends the text. Linear in the length of the input, whatever stands in it.
 */

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  hellip: '…',
  ndash: '–',
  mdash: '—',
};

const BLOCKS = new Set(
  'address article blockquote br dd div dl dt footer h1 h2 h3 h4 h5 h6 header hr li ol p pre section table tr ul'.split(
    ' ',
  ),
);

const UNREADABLE = new Set(['script', 'style', 'title', 'template', 'noscript']);

const MAX_CODE_POINT = 0x10ffff;

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi, (all, decimal, hex, name) => {
    if (typeof name === 'string') return ENTITIES[name] ?? all;
    const point = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return point > 0 && point <= MAX_CODE_POINT ? String.fromCodePoint(point) : '\uFFFD';
  });
}

/** Where a tag ends: at the first `>` outside quotes; the end of the text when there is none. */
function tagEnd(html: string, from: number): number {
  const end = html.indexOf('>', from);
  return end < 0 ? html.length : end + 1;
}

/** Finds a closing tag; case is folded once for the whole text. */
function after(lowered: string, tag: string, from: number): number {
  const at = lowered.indexOf(`</${tag}`, from);
  return at < 0 ? lowered.length : tagEnd(lowered, at);
}

export function htmlText(html: string): string {
  const lowered = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const parts: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    const end = open < 0 ? html.length : open;
    // Newlines of the source are spaces, as in a browser.
    if (end > at) parts.push(decode(html.slice(at, end).replace(/\s+/g, ' ')));
    if (open < 0) break;
    if (lowered.startsWith('<!--', open)) {
      const close = html.indexOf('-->', open + 4);
      at = close < 0 ? html.length : close + 3;
      continue;
    }
    const [, name = ''] = /^<\/?([a-z][a-z\d]*)/.exec(lowered.slice(open, open + 16)) ?? [];
    if (name === '' && !/^<[/!?]/.test(html.slice(open, open + 2))) {
      // A bare `<` is text.
      parts.push('<');
      at = open + 1;
    } else if (UNREADABLE.has(name) && html[open + 1] !== '/') {
      at = after(lowered, name, open);
    } else {
      if (BLOCKS.has(name)) parts.push('\n');
      at = tagEnd(html, open);
    }
  }
  return parts
    .join('')
    .split('\n')
    .map((line) => line.replace(/[^\S\n]+/g, ' ').trim())
    .filter((line, index, lines) => line !== '' || (index > 0 && lines[index - 1] !== ''))
    .join('\n')
    .trim();
}
