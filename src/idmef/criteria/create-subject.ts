/**
 * A message as a Subject: it is gone through when the first path is asked for, and each path is read once.
 *
 * Called by the router (once a message), by searches and by `silence add --preview`. The bytes are one well-formed Alert or
 * Heartbeat element, as sources hand them to the door.
 */

import { criteriaLimits } from '../../core/limits.ts';
import { lazy } from '../lazy.ts';
import { parseTree } from '../tree.ts';
import { outlineOf } from './outline.ts';
import { parsePath, type Path } from './paths.ts';
import { type ReadElement, readTree } from './read-element.ts';
import { readSlots, type Slot } from './read-path.ts';
import type { Subject } from './subject.ts';

/** Paths of templates and callers come as text, always the same few. */
const known = lazy(() => new Map<string, Path>());

function compiled(text: string): Path {
  const paths = known();
  const path = paths.get(text);
  if (path !== undefined) return path;
  const parsed = parsePath(text);
  if (!parsed.ok) throw new RangeError(`${text}: ${parsed.text}`);
  if (paths.size >= criteriaLimits.rememberedPaths) paths.clear();
  paths.set(text, parsed.path);
  return parsed.path;
}

class MessageSubject implements Subject {
  readonly #body: Uint8Array;
  readonly #read = new Map<string, readonly Slot[]>();
  #root: ReadElement | undefined;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  values(path: string | Path): readonly string[] {
    const wanted = typeof path === 'string' ? compiled(path) : path;
    return readSlots(this.#message(), wanted, false).filter((slot) => slot !== undefined);
  }

  slots(path: Path): readonly Slot[] {
    let slots = this.#read.get(path.text);
    if (slots === undefined) {
      slots = readSlots(this.#message(), path, true);
      this.#read.set(path.text, slots);
    }
    return slots;
  }

  #message(): ReadElement {
    this.#root ??= outlineOf(this.#body) ?? readTree(parseTree(this.#body));
    return this.#root;
  }
}

/** `body` is one well-formed element; it is not copied. Throws TypeError at the first reading when there is no element in it. */
export function createSubject(body: Uint8Array): Subject {
  return new MessageSubject(body);
}
