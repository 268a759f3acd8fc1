/** What the renderer and its template thread say to each other: plain data, one question at a time. */

import type { Medium } from '../../model/sink.ts';

export interface RenderJob {
  readonly kind: 'render';
  readonly source: string;
  readonly medium: Medium;
  readonly data: object;
  /** Code points. */
  readonly limit: number;
}

/** Parse, then render each of the samples. */
export interface CheckJob {
  readonly kind: 'check';
  readonly source: string;
  readonly samples: readonly object[];
}

export type Job = RenderJob | CheckJob;

export interface TemplateFault {
  readonly ok: false;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** One clause, lower case; quotes nothing of a message. */
  readonly text: string;
}

/** `text` of a check is ''. */
export type Answer = { readonly ok: true; readonly text: string } | TemplateFault;

export type Notice = { readonly kind: 'ready' } | { readonly kind: 'answer'; readonly answer: Answer };
