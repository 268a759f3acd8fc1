/**
 * A message as Prelude holds it: objects of libprelude's classes with typed fields (names as in its paths).
 *
 * The middle between three written forms: RFC 4765 (carry.ts reads it, write-rfc.ts writes it), the dialect of a SECEF
 * gateway, and the native protocol's bytes. table.ts says which classes and fields there are and where each form has
 * them. A field that is not set is absent; a list that is empty is absent too.
 */

import type { Change } from '../../core/outcome.ts';
import type { ClassName } from './table.ts';

/** libprelude's time: seconds since 1970 as uint32, so 1970-01-01 to 2106-02-07; the offset is that of the text. */
export interface PreludeTime {
  readonly seconds: number;
  readonly microseconds: number;
  /** East of UTC, in seconds. */
  readonly offsetSeconds: number;
}

/** What AdditionalData and the overflow buffer hold. Text for all types but an NTP stamp, which is 64 bits. */
export type PreludeData = string | bigint;

export type PreludeScalar = string | number | bigint | PreludeTime;

export type PreludeValue = PreludeScalar | PreludeObject | readonly string[] | readonly PreludeObject[];

export interface PreludeObject {
  readonly class: ClassName;
  /** By libprelude's names: `create_time`, `analyzer`, `iana_protocol_number`. Enumerations are their keyword. */
  readonly fields: Readonly<Record<string, PreludeValue | undefined>>;
}

export type Carried =
  | { readonly ok: true; readonly message: PreludeObject; readonly changes: readonly Change[] }
  /** Prelude cannot hold it: it must not be sent. */
  | { readonly ok: false; readonly reasons: readonly Change[] };
