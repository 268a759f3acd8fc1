/**
 * One message in the dialect of a SECEF gateway (secef-document.ts) as Prelude's data model; by the rules of carry.ts.
 *
 * Called by `idmef convert`. An NTP stamp in AdditionalData was written as a string and stays one.
 */

import { parseTree } from '../tree.ts';
import type { Carried } from './model.ts';
import { ModelReader } from './model-reader.ts';

/** The message, well-formed and with its namespace declarations; and whether it has anything that only the dialect has. */
export function readSecef(message: Uint8Array): { readonly carried: Carried; readonly isDialect: boolean } {
  const reader = new ModelReader('secef');
  const carried = reader.message(parseTree(message));
  return { carried, isDialect: reader.isDialect };
}
