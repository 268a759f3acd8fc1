/**
 * A message as the reader hands it out: verbatim, and with a line that is counted when somebody asks for it.
 *
 * A class, because an object literal with a getter costs a twentieth of the whole reading. `line` is therefore
 * not an own property: who copies a message with `{ ...message }` has to copy it by name.
 */

import type { Severity } from '../core/severity.ts';
import type { Message, Problem } from './verdict.ts';
import type { LineCounter } from './xml/lines.ts';

const noLeniencies: readonly string[] = [];

export class ReadMessage implements Message {
  readonly kind: Message['kind'];
  readonly bytes: Uint8Array;
  readonly severity: Severity;
  readonly messageid: string;
  readonly analyzerid: string;
  readonly valid: boolean;
  readonly problems: readonly Problem[];
  readonly leniencies: readonly string[] = noLeniencies;
  readonly #lines: LineCounter;
  readonly #start: number;

  constructor(
    kind: Message['kind'],
    bytes: Uint8Array,
    facts: Pick<Message, 'severity' | 'messageid' | 'analyzerid'>,
    problems: readonly Problem[],
    valid: boolean,
    lines: LineCounter,
    start: number,
  ) {
    this.kind = kind;
    this.bytes = bytes;
    this.severity = facts.severity;
    this.messageid = facts.messageid;
    this.analyzerid = facts.analyzerid;
    this.problems = problems;
    this.valid = valid;
    this.#lines = lines;
    this.#start = start;
  }

  get line(): number {
    return this.#lines.placeOf(this.#start).line;
  }
}
