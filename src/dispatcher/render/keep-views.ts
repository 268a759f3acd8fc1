/**
 * Keeps the views made last: one message goes to several recipients within moments, and is read once for all of them.
 *
 * Used by renderer.ts. By the hash of the bytes, bounded by their sum; what was used last stays longest. Several who ask at once wait for
 * the same reading.
 */

import { createHash } from 'node:crypto';

import { renderLimits } from '../../core/limits.ts';
import type { AlertView } from '../model/alert-view.ts';

type MakeView = (body: Uint8Array) => Promise<AlertView>;

/** `make` must not reject. */
export function keepViews(make: MakeView, maxBytes: number = renderLimits.viewBytes): MakeView {
  const kept = new Map<string, { readonly view: Promise<AlertView>; readonly bytes: number }>();
  let bytes = 0;
  return async (body) => {
    if (body.length > maxBytes) return await make(body);
    const key = createHash('sha256').update(body).digest('base64');
    const known = kept.get(key);
    if (known !== undefined) {
      kept.delete(key);
      kept.set(key, known);
      return await known.view;
    }
    const view = make(body);
    kept.set(key, { view, bytes: body.length });
    bytes += body.length;
    for (const [oldest, { bytes: freed }] of kept) {
      if (bytes <= maxBytes) break;
      kept.delete(oldest);
      bytes -= freed;
    }
    return await view;
  };
}
