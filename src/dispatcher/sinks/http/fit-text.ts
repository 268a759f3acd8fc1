/**
 * The last defence of a provider's text limit. The renderer keeps within it; should a body be longer all the same (a template, a provider that
 * counts otherwise), the plain text is sent instead, cut without splitting a character: cutting markup could break it.
 *
 * Called by http-sink.ts for each notification.
 */

import type { Notification, TextLimits } from '../../model/sink.ts';
import type { Call } from './provider.ts';

type Text = Call<unknown, unknown>['text'];

export function fitText(
  { rendered, form }: Pick<Notification, 'rendered' | 'form'>,
  limits: TextLimits,
  counts: 'utf16' | undefined,
): Text {
  const cut = (text: string, limit: number): string => clip(text, limit, counts);
  const subject = cut(rendered.subject, limits.subject ?? limits.body);
  const fits = cut(rendered.body, limits.body) === rendered.body;
  return form !== 'plain' && fits
    ? { subject, body: rendered.body, plain: false }
    : { subject, body: cut(rendered.plain, limits.body), plain: true };
}

/** At most `limit` code points, or UTF-16 units; then it ends with `…`. */
export function clip(text: string, limit: number, counts?: 'utf16'): string {
  if (text.length <= limit) return text;
  const points = Array.from(text);
  if (counts === undefined) {
    return points.length <= limit ? text : `${points.slice(0, Math.max(0, limit - 1)).join('')}…`;
  }
  let length = 1;
  let kept = '';
  for (const point of points) {
    length += point.length;
    if (length > limit) break;
    kept += point;
  }
  return `${kept}…`;
}
