/**
 * XML that somebody keeps as text, read as the content of an element: Prelude writes the markup of an extension
 * escaped. Called by the repairs; the same reader as for documents decides what is well-formed and within the limits.
 */

import type { TreeNode } from './tree.ts';
import { parseTree } from './tree.ts';
import { FAILED, XmlState } from './xml/state.ts';
import { nextOutside, nextToken } from './xml/tokens.ts';

/** An XML declaration says nothing about text that is decoded already. */
const declaration = /^[ \t\r\n]*<\?xml[ \t\r\n][^<>]*\?>/;

/** The nodes of the text; undefined if it is no well-formed content with all its namespaces. */
export function parseFragment(text: string): TreeNode[] | undefined {
  const bytes = Buffer.from(`<x>${text.replace(declaration, '')}</x>`);
  const state = new XmlState();
  state.begin(bytes);
  let token = nextOutside(state);
  while (token !== FAILED && state.depth > 0) token = nextToken(state);
  // A text that closes the element around it ends too early.
  return token === FAILED || state.position < bytes.length ? undefined : parseTree(bytes).children;
}
