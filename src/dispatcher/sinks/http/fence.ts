/**
 * Plain text where a provider reads Markdown whether it is told to or not: in a fence it cannot end, with mentions broken.
 *
 * Called by providers for the plain form, which the renderer leaves without any escape. GitHub, Discord, Mattermost,
 * Rocket.Chat and TheHive read fences alike (CommonMark §4.5).
 */

import { clip } from './fit-text.ts';

const ZERO_WIDTH = '\u200b';

/** At most `limit` characters, as the provider counts them. */
export function fenced(text: string, limit: number, counts?: 'utf16'): string {
  const quiet = text.replace(/@(?=\w)/g, `@${ZERO_WIDTH}`);
  const longest = Math.max(2, ...(quiet.match(/`+/g) ?? []).map(({ length }) => length));
  // What is cut off may have held the longest run; then the fence is longer than it need be.
  const fence = '`'.repeat(Math.min(longest + 1, Math.max(3, Math.floor(limit / 4))));
  const room = limit - 2 * fence.length - 2;
  return `${fence}\n${clip(quiet, room, counts).replaceAll(fence, ZERO_WIDTH)}\n${fence}`;
}
