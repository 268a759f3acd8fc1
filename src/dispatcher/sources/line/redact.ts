/** Takes a key out of a text that is about to be stored: whoever posts in clear text often has it in a header or a footer too. */

/** What stands in its place. */
export const REDACTED = '[key]';

/** Shorter ones are no keys of ours, and would mangle the text. */
const MIN_KEY_CHARS = 8;

/** Every occurrence, in any case. */
export function redact(text: string, key: string): string {
  if (key.length < MIN_KEY_CHARS) return text;
  const lowered = text.toLowerCase();
  // Where lower case has another length, positions do not fit; such a text is searched as it is.
  const haystack = lowered.length === text.length ? lowered : text;
  const needle = lowered.length === text.length ? key.toLowerCase() : key;
  const parts: string[] = [];
  let from = 0;
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, from)) {
    parts.push(text.slice(from, at), REDACTED);
    from = at + needle.length;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(from);
}
