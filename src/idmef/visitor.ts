/**
 * What the document reader tells about the inside of one Alert or Heartbeat, and what it wants to know at the
 * end. Two implementations: the validator (every rule) and the outline (mode `off`).
 */

import type { Severity } from '../core/severity.ts';
import type { XmlState } from './xml/state.ts';

export interface MessageVisitor {
  /** A message begins: its start tag is the current token. */
  begin(state: XmlState): void;
  /** A start tag, the message's own included. */
  open(state: XmlState): void;
  /** Text that is not only white space. */
  text(state: XmlState): void;
  /** An end tag, the message's own included. */
  close(state: XmlState): void;

  /** Known after the last end tag. */
  severity: Severity;
  messageid: string;
  analyzerid: string;
}
