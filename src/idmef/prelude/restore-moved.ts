/**
 * A message of RFC 4765 that came back from Prelude: what carry.ts had moved into AdditionalData stands in its place again.
 *
 * Any other message stays as it is, byte for byte; so does one that would not be valid afterwards. Called by
 * `idmef convert --to rfc`.
 */

import { validateElement } from '../read-document.ts';
import { attributeOf, childElements, ownText, removeChild } from '../tree-edit.ts';
import { parseTree, type TreeElement, writeTree } from '../tree.ts';
import { inPlaceOrder, MOVED_BY, type Moved, movedFrom } from './moved-data.ts';
import { PutBack } from './put-back.ts';

function movedIn(data: TreeElement): Moved | undefined {
  const [typed, ...more] = childElements(data);
  const isString =
    typed?.local === 'string' && more.length === 0 && (attributeOf(data, 'type') ?? 'string') === 'string';
  return data.local === 'AdditionalData' && isString
    ? movedFrom(attributeOf(data, 'meaning') ?? '', ownText(typed))
    : undefined;
}

/** The valid message with everything in its place. */
export function restoreMoved(message: Uint8Array): Uint8Array {
  if (!Buffer.from(message.buffer, message.byteOffset, message.byteLength).includes(MOVED_BY)) return message;
  const tree = parseTree(message);
  const all = childElements(tree).flatMap((element) => {
    const moved = movedIn(element);
    return moved === undefined ? [] : [{ ...moved, element }];
  });
  for (const { element } of all) removeChild(tree, element);
  const places = new PutBack(tree);
  const left = inPlaceOrder(all).filter((each) => !places.put(each));
  for (const { element } of left) tree.children.push(element);
  const bytes = Buffer.from(writeTree(tree));
  const verdict = validateElement(bytes);
  return verdict.readable && verdict.valid ? bytes : message;
}
