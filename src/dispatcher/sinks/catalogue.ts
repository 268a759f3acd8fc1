/**
 * Every type of sink by its name: a map, not a plugin framework. Read by the configuration (schemas), the outbox (limits, `create`) and
 * the command line (`endpoints types`).
 *
 * Types over HTTP are declarations (http/); those with code of their own stand beside them in own/. Sites' own modules are loaded apart.
 */

import type { SinkType } from '../model/sink.ts';
import { httpTypes } from './http/http-types.ts';
import { ownSinkTypes } from './own/types.ts';

export const sinkTypes: ReadonlyMap<string, SinkType> = new Map(
  [...httpTypes, ...ownSinkTypes].map((type) => [type.type, type]),
);
