/** Cuts a line to so many bytes of UTF-8, between code points, and says how many are missing. */

export function fitLine(line: string, maxBytes: number): string {
  const bytes = Buffer.from(line, 'utf8');
  if (bytes.length <= maxBytes) return line;
  // The note's own length depends on the number in it by a digit at most: room for the longest.
  const note = (missing: number): string => `… [${missing} bytes cut]`;
  const room = Math.max(0, maxBytes - Buffer.byteLength(note(bytes.length)));
  let end = room;
  // 10xxxxxx continues a code point.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  const cut = `${bytes.subarray(0, end).toString('utf8')}${note(bytes.length - end)}`;
  return Buffer.byteLength(cut) <= maxBytes ? cut : '';
}
