/** At most so many code points, the last an ellipsis if some are missing. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const characters = Array.from(text);
  return characters.length <= maxChars ? text : `${characters.slice(0, maxChars - 1).join('')}…`;
}
