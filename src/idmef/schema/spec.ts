/**
 * The shape of one row of the RFC 4765 schema table.
 *
 * Rows are plain data: a content model in the DTD's own notation (content-model.ts parses it), attributes in
 * the DTD's order, the data type of the text (§3.2), and the section of the RFC that defines the class.
 */

import type { EnumerationName } from './enumerations.ts';

/** Data types of RFC 4765 §3.2 that a text or an attribute value can have. */
export type DataType =
  | 'string'
  | 'integer'
  | 'real'
  | 'character'
  | 'boolean'
  | 'byte'
  | 'byte-string'
  | 'date-time'
  | 'ntpstamp'
  | 'portlist';

/** An attribute. Without `oneOf` and `nmtoken` it is CDATA; without a use it is #IMPLIED. */
export interface AttributeSpec {
  /** The value is one of these keywords. */
  readonly oneOf?: EnumerationName;
  readonly required?: true;
  /** The value an absent attribute stands for. */
  readonly default?: string;
  /** The only value allowed; an absent attribute stands for it. */
  readonly fixed?: string;
  /** What the prose asks of a CDATA value. */
  readonly dataType?: DataType;
  /** Least and greatest number that makes sense; others are warned of. */
  readonly range?: readonly [number, number];
}

export interface ElementSpec {
  /** Section of RFC 4765. */
  readonly section: string;
  /** `#PCDATA`, `EMPTY`, `ANY`, or a model such as `name, (port | url)?, arg*`. */
  readonly content: string;
  /** Of the text; only where the content is `#PCDATA`. */
  readonly dataType?: DataType;
  /** Least and greatest number that makes sense; others are warned of. */
  readonly range?: readonly [number, number];
  /** Own attributes, in the order of the DTD. */
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  /** Where the global attributes stand in its ATTLIST: after its own (the rule), before them, or nowhere. */
  readonly globals?: 'first' | 'none';
}

export type ElementTable = Readonly<Record<string, ElementSpec>>;
