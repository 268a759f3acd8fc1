/**
 * The few facts of a message that the store keeps in columns, and the chain of analyzers that identifies it: read by the same
 * paths as criteria read, in the same pass.
 *
 * Called once a message by the router. Everything is from the IDMEF text: for display and duplicates, not for trust.
 */

import { routeLimits } from '../../core/limits.ts';
import { severityRank } from '../../core/severity.ts';
import { parsePath, type Path } from '../../idmef/criteria/paths.ts';
import type { Subject } from '../../idmef/criteria/subject.ts';
import type { MessageFacts } from '../model/message.ts';

export interface ReadMessage {
  readonly facts: MessageFacts;
  /** analyzerid, else name, '' for neither; the one who sent it last first, the originator last. */
  readonly analyzerChain: readonly string[];
}

interface Places {
  readonly messageid: Path;
  readonly analyzerIds: Path;
  readonly analyzerNames: Path;
  readonly createTime: Path;
  readonly severity: Path;
  readonly classification: Path;
  readonly source: readonly Path[];
  readonly target: readonly Path[];
}

function path(text: string): Path {
  const parsed = parsePath(text);
  if (!parsed.ok) throw new TypeError(`${text}: ${parsed.text}`);
  return parsed.path;
}

function placesOf(root: 'alert' | 'heartbeat'): Places {
  const party = (name: string): Path[] => [
    path(`alert.${name}(0).node.address(0).address`),
    path(`alert.${name}(0).node.name`),
  ];
  return {
    messageid: path(`${root}.messageid`),
    analyzerIds: path(`${root}.analyzer.analyzerid`),
    analyzerNames: path(`${root}.analyzer.name`),
    createTime: path(`${root}.create_time`),
    severity: path('alert.assessment.impact.severity'),
    classification: path('alert.classification.text'),
    source: party('source'),
    target: party('target'),
  };
}

/** Cut to what a column should hold, between characters. */
function short(text: string): string {
  if (text.length <= routeLimits.factChars) return text;
  return text.slice(0, routeLimits.factChars).replace(/[\uD800-\uDBFF]$/, '');
}

function first(subject: Subject, paths: readonly Path[]): string {
  for (const one of paths) {
    const [value] = subject.slots(one);
    if (value !== undefined) return value;
  }
  return '';
}

export type FactsReader = (subject: Subject) => ReadMessage;

/** Compiles the places once. */
export function createFactsReader(): FactsReader {
  const alert = placesOf('alert');
  const heartbeat = placesOf('heartbeat');
  const root = path('alert');
  return (subject) => {
    const isAlert = subject.slots(root)[0] !== undefined;
    const at = isAlert ? alert : heartbeat;
    const names = subject.slots(at.analyzerNames);
    const analyzerChain = subject.slots(at.analyzerIds).map((id, index) => id ?? names[index] ?? '');
    const created = Date.parse(first(subject, [at.createTime]));
    return {
      facts: {
        kind: isAlert ? 'alert' : 'heartbeat',
        severity: severityRank(first(subject, [at.severity])),
        messageid: first(subject, [at.messageid]),
        analyzer: short(analyzerChain.at(-1) ?? ''),
        classification: short(first(subject, [at.classification])),
        source: short(first(subject, at.source)),
        target: short(first(subject, at.target)),
        createTime: Number.isNaN(created) ? undefined : created,
      },
      analyzerChain,
    };
  };
}
