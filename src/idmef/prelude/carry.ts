/**
 * One message of RFC 4765 as Prelude's data model, complete or not at all.
 *
 * What a field cannot hold is moved into an AdditionalData that says its place, or changed, by the named rules of
 * carry-rules.ts, and said; a message that would lose something otherwise is refused. Called before each delivery in
 * Prelude's protocol or in the dialect, and by `idmef convert`. The message is well-formed and within the limits
 * (read-document.ts); it need not be valid. Enumerations that libprelude always writes are always set in the model.
 */

import { parseTree } from '../tree.ts';
import type { Carried } from './model.ts';
import { ModelReader } from './model-reader.ts';

/** The message as Prelude holds it, with all that was changed for it; or why it cannot be held. */
export function carry(message: Uint8Array): Carried {
  return new ModelReader('rfc').message(parseTree(message));
}
