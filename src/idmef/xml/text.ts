/**
 * The text that raw bytes stand for, where they hold more than plain characters. Slow paths only.
 */

const predefined: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** A range of bytes as a string, as it stands. */
export function rawText(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end);
}

/** An attribute value: line breaks and tabs become spaces, references are replaced (XML 1.0 §3.3.3). */
export function attributeText(bytes: Buffer, start: number, end: number): string {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === 0x26 || byte < 0x20 || byte >= 0x80) {
      return expandReferences(rawText(bytes, start, end).replaceAll(/\r\n|[\t\r\n]/g, ' '));
    }
  }
  return bytes.toString('latin1', start, end);
}

/** The same for attributes that are not CDATA: spaces trimmed and collapsed as well. */
export function tokenText(bytes: Buffer, start: number, end: number): string {
  return attributeText(bytes, start, end).replaceAll(/ +/g, ' ').replace(/^ /, '').replace(/ $/, '');
}

/** The content of an element without children: comments and instructions dropped, CDATA and references replaced. */
export function contentText(bytes: Buffer, start: number, end: number): string {
  const raw = rawText(bytes, start, end).replaceAll(/\r\n?/g, '\n');
  return raw
    .split(/(<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[[^]*?\]\]>)/)
    .map((part, index) => {
      if (index % 2 === 0) return expandReferences(part);
      return part.startsWith('<![CDATA[') ? part.slice(9, -3) : '';
    })
    .join('');
}

/** Text with its references replaced. The text is known to be well-formed. */
function expandReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(#x?)?([^;]*);/g, (whole, kind: string | undefined, name: string) => {
    if (kind === undefined) return predefined[name] ?? whole;
    return String.fromCodePoint(Number.parseInt(name, kind === '#' ? 10 : 16));
  });
}
