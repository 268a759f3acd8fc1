/**
 * Our own Analyzer on a message's way to a prelude-manager, as any sender of Prelude puts itself in front.
 *
 * Used by outgoing.ts and heartbeat.ts. Analyzers are a flat list there, outermost first; the originals stay behind
 * ours in their order. The manager passes nothing back to the sender whose analyzerid is that of the last one, so where
 * its echo is awaited the last must not be ours. Pure: the facts of this process are the caller's.
 */

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

export function ownAnalyzer(analyzerid: string, self: SelfFacts): PreludeObject {
  const { hostname, version, ostype, osversion, pid, path } = self;
  return {
    class: 'analyzer',
    fields: {
      analyzerid,
      name: 'idmef-relay',
      model: 'idmef-relay',
      version,
      class: 'Relay',
      ostype,
      osversion,
      node: { class: 'node', fields: { name: hostname } },
      process: { class: 'process', fields: { name: 'idmef-relay', pid, path } },
    },
  };
}

/** `echoed`: the manager's echo of it is awaited. */
export function withOwnAnalyzer(message: PreludeObject, own: PreludeObject, echoed: boolean): PreludeObject {
  const originals = analyzersOf(message);
  const id = own.fields['analyzerid'];
  const analyzer = originals[0]?.fields['analyzerid'] === id ? [...originals] : [own, ...originals];
  if (echoed && analyzer.at(-1)?.fields['analyzerid'] === id) analyzer.push(nobody);
  return { class: message.class, fields: { ...message.fields, analyzer } };
}

/** Stands last where nobody else does. */
const nobody: PreludeObject = { class: 'analyzer', fields: { name: 'unknown' } };

export function analyzersOf(message: PreludeObject): readonly PreludeObject[] {
  const list = message.fields['analyzer'];
  return Array.isArray(list) ? list.filter((one) => typeof one !== 'string') : [];
}
