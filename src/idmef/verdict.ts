/**
 * What reading an IDMEF document yields: the shapes shared by the reader, the validator, the CLI, the spool
 * intake and the poller. Positions are those of the bytes given (after transcoding to UTF-8, if it had to be).
 */

import type { Severity } from '../core/severity.ts';

/** `strict`: the RFC. `lenient`: the RFC after named repairs. `off`: well-formed IDMEF, nothing else. */
export type ValidationMode = 'strict' | 'lenient' | 'off';

export interface Problem {
  /** Only errors make a message invalid. */
  readonly level: 'error' | 'warning';
  /** Stable id: `E12`, `child-order`, `missing-child`, `bad-datetime`, `not-well-formed`, … */
  readonly rule: string;
  /** Section of RFC 4765 (or `XML 1.0`) that says so. */
  readonly section: string;
  /** `/IDMEF-Message/Alert[2]/Source/Node`, attributes as `/@ident`. Local names. */
  readonly path: string;
  /** 1-based. Column counts characters (code points), as editors do. */
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly got: string;
  /** One plain sentence: lower case, no full stop. */
  readonly text: string;
}

/** One Alert or Heartbeat of a document. */
export interface Message {
  readonly kind: 'Alert' | 'Heartbeat';
  /** Self-contained: the element with the namespace declarations and xml:lang, xml:space it inherits.
   *  Verbatim, or in repaired form when `leniencies` is not empty. */
  readonly bytes: Uint8Array;
  readonly severity: Severity;
  /** '' when absent. */
  readonly messageid: string;
  /** Of the message's own Analyzer; '' when absent. */
  readonly analyzerid: string;
  readonly line: number;
  /** No error left. */
  readonly valid: boolean;
  readonly problems: readonly Problem[];
  /** Names of the repairs made (lenient mode), each once, sorted. */
  readonly leniencies: readonly string[];
}

export type DocumentVerdict =
  | {
      readonly readable: true;
      readonly messages: readonly Message[];
      /** Problems of the document itself: declaration, root attributes, encoding. */
      readonly problems: readonly Problem[];
      readonly leniencies: readonly string[];
      /** No error anywhere. */
      readonly valid: boolean;
    }
  | {
      /** Not well-formed, a forbidden feature, a limit, or a foreign root: nothing can be taken from it. */
      readonly readable: false;
      readonly problem: Problem;
      /** The input merely ends too early: a writer may still be at work. */
      readonly incomplete: boolean;
      /** The document itself was complete; something follows it, perhaps another one. */
      readonly followed?: true;
    };
