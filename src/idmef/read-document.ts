/**
 * Reading IDMEF: bytes in, a verdict out. The entry of the poller, the sensor's intake, the CLI and the tests.
 *
 * `readDocument` splits a document into self-contained messages and judges each (RFC 4765; verdict.ts says what
 * comes out). `validateElement` judges one such message as the journal keeps it. Both are synchronous, keep no
 * reference to the input once their result is dropped, and never throw for any input.
 */

import { DocumentReader, type RepairMessage } from './document-reader.ts';
import { lazy } from './lazy.ts';
import { repairMessage } from './repair.ts';
import type { DocumentVerdict, ValidationMode } from './verdict.ts';

export interface ReadOptions {
  /** Lenient mode: makes a message valid without a guess, or gives up. */
  readonly repair?: RepairMessage;
  /** Instead of xmlLimits.documentBytes, for an answer of an old server, which knows no batch limit. */
  readonly maxDocumentBytes?: number;
}

export interface Reader {
  readDocument(bytes: Uint8Array, mode: ValidationMode, options?: ReadOptions): DocumentVerdict;
  /** The verdict on one Alert or Heartbeat element, without declaration and root; strict. */
  validateElement(bytes: Uint8Array): DocumentVerdict;
}

/** A reader with tables of its own; the functions below share one. */
export function createReader(): Reader {
  const documents = new DocumentReader();
  // A second one, because repaired messages are validated while their document is still being read.
  const elements = lazy(() => new DocumentReader());
  const validate = (bytes: Uint8Array): DocumentVerdict =>
    elements().readElement(bytes, { mode: 'strict', repair: undefined, maxBytes: undefined, validate });
  return {
    validateElement: validate,
    readDocument(bytes, mode, options = {}) {
      const { repair = repairMessage, maxDocumentBytes } = options;
      return documents.readDocument(bytes, { mode, repair, maxBytes: maxDocumentBytes, validate });
    },
  };
}

const shared = lazy(createReader);

/** Splits and judges a document. */
export function readDocument(
  bytes: Uint8Array,
  mode: ValidationMode,
  options?: ReadOptions,
): DocumentVerdict {
  return shared().readDocument(bytes, mode, options);
}

/** Judges one self-contained message, strictly. A readable verdict has exactly one message. */
export function validateElement(bytes: Uint8Array): DocumentVerdict {
  return shared().validateElement(bytes);
}
