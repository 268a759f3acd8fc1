/**
 * A message in the dialect of SECEF gateways: the renaming that such a gateway reads without loss, where the plain RFC
 * form is answered 500 or, worse, 200 and cut short.
 *
 * Loaded by gateway.ts with the first parcel for such a receiver. src/idmef/prelude decides what Prelude can hold; what
 * it cannot is never sent, because a gateway would answer 500 to it as to anything else.
 */

import { carry } from '../idmef/prelude/carry.ts';
import { secefDocument } from '../idmef/prelude/secef-document.ts';
import { cannotHold } from './destination.ts';
import type { Form } from './single-form.ts';

export const secefForm: Form = (message) => {
  const carried = carry(message);
  if (!carried.ok) return cannotHold(carried.reasons);
  return { kind: 'document', document: secefDocument(carried.message), changes: carried.changes };
};
