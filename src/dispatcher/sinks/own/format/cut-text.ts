/** At most so many code points, the last an ellipsis if some are missing. No more of the text than that is looked at. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const characters = Array.from(text.slice(0, 2 * maxChars + 1));
  return characters.length <= maxChars ? text : `${characters.slice(0, maxChars - 1).join('')}…`;
}
