/**
 * Our own Analyzer on a message's way to a prelude-manager, as any sender of Prelude puts itself in front.
 *
 * Used by outgoing.ts and heartbeat.ts. Analyzers are a flat list there, outermost first; the originals stay behind
 * ours in their order. The manager passes a message back only if its last analyzer has an analyzerid, and one that is not
 * the reader's own as strtoull(3) reads it: where the echo is awaited, that is made so, by the id `idmef-relay:none`.
 * Pure: the facts of this process are the caller's.
 */

import type { Change } from '../../core/outcome.ts';
import type { PreludeObject } from '../../idmef/prelude/model.ts';

export interface SelfFacts {
  readonly hostname: string;
  readonly version?: string;
  readonly ostype: string;
  readonly osversion: string;
  readonly pid: number;
  /** Of the program. */
  readonly path?: string;
}

export interface OwnAnalyzer {
  readonly analyzerid: string;
  readonly analyzer: PreludeObject;
}

export function ownAnalyzer(analyzerid: string, self: SelfFacts): OwnAnalyzer {
  const { hostname, version, ostype, osversion, pid, path } = self;
  const fields = {
    analyzerid,
    name: 'idmef-relay',
    model: 'idmef-relay',
    version,
    class: 'Relay',
    ostype,
    osversion,
    node: { class: 'node', fields: { name: hostname } },
    process: { class: 'process', fields: { name: 'idmef-relay', pid, path } },
  } as const;
  return { analyzerid, analyzer: { class: 'analyzer', fields } };
}

export function withOwnAnalyzer(message: PreludeObject, own: OwnAnalyzer): PreludeObject {
  const originals = analyzersOf(message);
  const ours = originals[0]?.fields['analyzerid'] === own.analyzerid;
  return ours ? message : withAnalyzers(message, [own.analyzer, ...originals]);
}

/** A message that has our analyzer in front, so that the manager echoes it; what was changed for that is added. */
export function withEcho(message: PreludeObject, own: OwnAnalyzer, changes: Change[]): PreludeObject {
  const analyzer = [...analyzersOf(message)];
  const last = analyzer.at(-1);
  const id = last?.fields['analyzerid'];
  if (typeof id === 'string' && id !== '' && !id.includes(own.analyzerid)) return message;
  const path = 'Analyzer';
  if (last === undefined || (typeof id === 'string' && id !== '')) {
    analyzer.push({ class: 'analyzer', fields: { analyzerid: NOBODY, name: 'unknown' } });
    changes.push({ rule: 'analyzer-given', path, text: `none but ours made it; one is added, ${NOBODY}` });
  } else {
    analyzer[analyzer.length - 1] = { class: 'analyzer', fields: { ...last.fields, analyzerid: NOBODY } };
    changes.push({
      rule: 'analyzerid-given',
      path,
      text: `the innermost has no analyzerid, and is sent as ${NOBODY}`,
    });
  }
  return withAnalyzers(message, analyzer);
}

/** The analyzerid of nobody. */
const NOBODY = 'idmef-relay:none';

function withAnalyzers(message: PreludeObject, analyzer: readonly PreludeObject[]): PreludeObject {
  return { class: message.class, fields: { ...message.fields, analyzer } };
}

function analyzersOf(message: PreludeObject): readonly PreludeObject[] {
  const list = message.fields['analyzer'];
  return Array.isArray(list) ? list.filter((one) => typeof one !== 'string') : [];
}
