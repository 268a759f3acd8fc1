/**
 * Words that chats and mail programs make links, mentions, hashtags, commands or telephone numbers of by themselves, and how to keep
 * them from it.
 *
 * Where a medium has code spans, such a word is set as code and stays as it is (expand.ts); elsewhere a zero-width space goes
 * in (`breakLinks`), which can be seen by nobody but is copied along.
 */

export const ZERO_WIDTH = '\u200b';

const linkish =
  /:\/\/|@|[\p{L}\p{N}_-]\.(?:\p{L}{2}|xn--)|\d\.\d+\.\d+\.\d|[\da-f]:[\da-f]*:|(?:^| )[^\p{L}\p{N} ]*[#/$\\]\w|\d{7}/iu;

/** Whether a word would become something, or one of several. IP addresses count: they are set as code too. */
export function isLinkish(word: string): boolean {
  return linkish.test(word);
}

const breakable =
  /:(?=\/\/)|@(?!\u200b)|(?<=[\p{L}\p{N}_-])\.(?=\p{L}{2}|xn--)|(?<=^|[^\p{L}\p{N}])[#/$](?=[\p{L}\p{N}_])/giu;

/** The text with a zero-width space behind what makes a link of it. */
export function breakLinks(text: string): string {
  return text.replace(breakable, `$&${ZERO_WIDTH}`);
}
