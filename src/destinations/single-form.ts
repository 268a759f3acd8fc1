/**
 * The document of one POST, made of one message as the journal keeps it: what single-delivery.ts sends.
 *
 * There are two forms: RFC 4765 without white space between elements (`rfcForm`), and the dialect of SECEF gateways
 * (secef-form.ts, which gateway.ts loads only when it is needed). A form may find that the receiver cannot hold the
 * message; then there is nothing to send.
 */

import type { Change, Outcome } from '../core/outcome.ts';
import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import { compact } from './compact.ts';

export type Formed =
  | { readonly kind: 'document'; readonly document: Buffer; readonly changes: readonly Change[] }
  | Extract<Outcome, { kind: 'refused' }>;

export type Form = (message: Buffer) => Formed;

/** One message as a document of its own, and nothing changed. */
export const rfcForm: Form = (message) => ({
  kind: 'document',
  document: Buffer.concat([envelopeHead, compact(message), envelopeTail]),
  changes: [],
});
