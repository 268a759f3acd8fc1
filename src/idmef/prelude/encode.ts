/**
 * Prelude's own bytes of a message: the payload of one IDMEF message of the native protocol, as libprelude 5.2 writes it.
 *
 * Driven by table.ts alone. Each field is a tag, a length and its bytes, each object its tag, its fields in the table's
 * order, and END_OF_OBJECT; one more ends the message. The manager drops a message with one wrong byte and says nothing
 * to the sender, so a value that does not fit its field is a bug and thrown. What Prelude cannot hold was decided before
 * (carry.ts).
 */

import { RelayError } from '../../core/errors.ts';
import { lazy } from '../lazy.ts';
import { ByteWriter } from './byte-writer.ts';
import type { PreludeObject, PreludeTime, PreludeValue } from './model.ts';
import { classes, dataTypes, END_OF_OBJECT, enums, type FieldSpec } from './table.ts';

/** The payload, without a header. */
export function encodeMessage(message: PreludeObject): Buffer {
  const writer = new ByteWriter();
  writeObject(writer, message);
  writer.empty(END_OF_OBJECT);
  return writer.finish();
}

/** Which of the manager's three queues a message goes through, as libprelude chooses it. */
export function priorityOf(message: PreludeObject): 0 | 1 | 2 | 3 {
  if (message.class === 'heartbeat') return 3;
  const impact = memberOf(memberOf(message, 'assessment'), 'impact');
  return priorities.get(impact?.fields['severity']) ?? 0;
}

const priorities: ReadonlyMap<PreludeValue | undefined, 1 | 2 | 3> = new Map([
  ['info', 1],
  ['low', 1],
  ['medium', 2],
  ['high', 3],
]);

function memberOf(object: PreludeObject | undefined, name: string): PreludeObject | undefined {
  const value = object?.fields[name];
  return isObject(value) ? value : undefined;
}

interface Step {
  readonly name: string;
  readonly tag: number;
  readonly kind: FieldSpec['kind'];
  readonly list: boolean;
  /** libprelude knows no unset float, and no unset enumeration but the optional ones: it writes 0. */
  readonly zero: boolean;
  /** Of an enumeration: keyword to number. */
  readonly keywords: ReadonlyMap<string, number> | undefined;
}

const plans = lazy(() => {
  const made = new Map<string, readonly Step[]>();
  for (const [name, { fields }] of Object.entries(classes)) {
    made.set(
      name,
      Object.entries(fields).map(([field, spec]) => stepOf(field, spec)),
    );
  }
  return made;
});

function stepOf(name: string, spec: FieldSpec): Step {
  const { tag, kind } = spec;
  return {
    name,
    tag,
    kind,
    list: 'list' in spec,
    zero: kind === 'float' || (kind === 'enum' && spec.optional !== true),
    keywords: kind === 'enum' ? new Map(Object.entries(enums[spec.of])) : undefined,
  };
}

function writeObject(writer: ByteWriter, object: PreludeObject): void {
  const { fields } = object;
  writer.empty(classes[object.class].tag);
  for (const step of plans().get(object.class) ?? []) {
    const value = fields[step.name];
    if (value === undefined) {
      if (step.zero) writer.uint32(step.tag, 0);
    } else if (step.list && isList(value)) {
      for (const item of value) writeItem(writer, step, item);
    } else {
      writeValue(writer, step, value);
    }
  }
  writer.empty(END_OF_OBJECT);
}

/** libprelude leaves out empty items. Its reader takes them, and the arguments behind one keep their places. */
function writeItem(writer: ByteWriter, step: Step, item: string | PreludeObject): void {
  if (item === '' && step.kind === 'string') writer.string(step.tag, item);
  else writeValue(writer, step, item);
}

function writeValue(writer: ByteWriter, step: Step, value: PreludeValue): void {
  const { tag, kind } = step;
  switch (kind) {
    case 'string':
      if (typeof value !== 'string') break;
      // Empty and not set are one to libprelude.
      if (value !== '') writer.string(tag, value);
      return;
    case 'enum': {
      const number = typeof value === 'string' ? step.keywords?.get(value) : undefined;
      if (number === undefined) break;
      writer.uint32(tag, number);
      return;
    }
    case 'object':
      if (!isObject(value)) break;
      writeObject(writer, value);
      return;
    case 'time':
      if (!isTime(value)) break;
      writer.time(tag, value.seconds, value.microseconds, value.offsetSeconds);
      return;
    case 'data':
      if (writeData(writer, tag, value)) return;
      break;
    case 'uint8':
      if (!within(value, 0, 0xff)) break;
      writer.uint8(tag, value);
      return;
    case 'uint16':
      if (!within(value, 0, 0xffff)) break;
      writer.uint16(tag, value);
      return;
    case 'uint32':
      if (!within(value, 0, UINT32)) break;
      writer.uint32(tag, value);
      return;
    case 'int32':
      if (!within(value, INT32, -INT32 - 1)) break;
      writer.uint32(tag, value);
      return;
    case 'uint64': {
      const number = within(value, 0, Number.MAX_SAFE_INTEGER) ? BigInt(value) : value;
      if (typeof number !== 'bigint' || BigInt.asUintN(64, number) !== number) break;
      writer.uint64(tag, number);
      return;
    }
    case 'float':
      if (typeof value !== 'number') break;
      writer.float(tag, value);
      return;
  }
  throw new RelayError('BUG', `${step.name} of a message for Prelude cannot be ${inspect(value)}`);
}

/**
 * Text goes out as a character string whatever AdditionalData's type says, as everything that was ever set by a path
 * does, and is printed as it is. Of an NTP stamp reports print the 64 bits in memory: were it text, the address of the
 * text. Empty text is left out: libprelude's reader drops the whole message over it, its own writer's too.
 */
function writeData(writer: ByteWriter, tag: number, value: PreludeValue): boolean {
  if (value === '') return true;
  if (typeof value === 'string') {
    writer.uint32(tag, dataTypes.text);
    writer.string(tag, value);
    return true;
  }
  if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) return false;
  writer.uint32(tag, dataTypes.integer);
  writer.uint64(tag, value);
  return true;
}

const UINT32 = 2 ** 32 - 1;
const INT32 = -(2 ** 31);
const MICROSECONDS = 1_000_000;

function within(value: PreludeValue, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function isTime(value: PreludeValue): value is PreludeTime {
  return (
    typeof value === 'object' &&
    'seconds' in value &&
    within(value.seconds, 0, UINT32) &&
    within(value.microseconds, 0, MICROSECONDS - 1) &&
    within(value.offsetSeconds, INT32, -INT32 - 1)
  );
}

function isObject(value: PreludeValue | undefined): value is PreludeObject {
  return typeof value === 'object' && 'class' in value;
}

function isList(value: PreludeValue): value is readonly string[] | readonly PreludeObject[] {
  return Array.isArray(value);
}

function inspect(value: PreludeValue): string {
  return typeof value === 'object' ? 'such an object' : String(value).slice(0, 100);
}
