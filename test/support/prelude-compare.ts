/**
 * Compares what a message said with what a real prelude-manager reports of it, field by field, in both of its reports.
 *
 * Whatever differs is a loss unless one of the `limits` below names it: each is something the manager itself cannot hold or
 * print, or adds by itself, with its reason, and is counted. xmlmod prints what people see; the debug report shows what
 * xmlmod never prints.
 */

import { debugFields, debugRecords, rfcFields, xmlmodFields, type Fields } from './prelude-fields.ts';
import type { PreludeManager } from './prelude-manager.ts';
import { accountMoved, closeUp } from './prelude-moved.ts';

export interface Difference {
  readonly report: 'xml' | 'debug';
  readonly path: string;
  /** Undefined: the manager has something more. */
  readonly expected: string | undefined;
  /** Undefined: it is missing. */
  readonly found: string | undefined;
}

export interface Limit {
  readonly name: string;
  readonly reason: string;
  readonly fits: (difference: Difference, expected: Fields, found: Fields) => boolean;
}

/** A field of the report that the message does not have. */
const added =
  (path: RegExp, value = /^/) =>
  (one: Difference): boolean =>
    one.expected === undefined && path.test(one.path) && value.test(one.found ?? '');

const SERVICE = String.raw`service(?:\(\d+\))?`;

const limits: readonly Limit[] = [
  {
    name: 'not printed by xmlmod',
    reason: 'its plugin has no code for it; the debug report shows that the manager holds it',
    fits: ({ report, path, found }) =>
      report === 'xml' &&
      found === undefined &&
      /\.tool_alert\b|\.overflow_alert\b|\.heartbeat_interval$|\buser_id(?:\(\d+\))?\.tty$|\.file_type$|reference\(\d+\)\.meaning$/.test(
        path,
      ),
  },
  {
    name: 'empty File in Linkage',
    reason: 'libprelude makes the member File of each Linkage, whether there is one or not',
    fits: added(/linkage\(\d+\)\.file$/, /^\{\}$/),
  },
  {
    name: 'analyzer_time added',
    reason: 'a message without one gets the time of its transmission',
    fits: added(/^(?:alert|heartbeat)\.analyzer_time(?:#offset)?$/),
  },
  {
    name: 'normalize: address category',
    reason: 'the plugin recognises what kind of address an unnamed one is',
    fits: added(/address\(\d+\)\.category$/, /^(?:ipv4-addr|ipv6-addr|e-mail)$/),
  },
  {
    name: 'normalize: mapped address',
    reason: 'the plugin writes ::ffff:192.0.2.1 as 192.0.2.1',
    fits: ({ path, expected, found }) => path.endsWith('.address') && expected === `::ffff:${found ?? ''}`,
  },
  {
    name: 'normalize: protocol',
    reason:
      'the plugin fills protocol name and number from each other, and puts the registered name in place of another',
    fits: ({ path, expected }, whole) =>
      (expected === undefined || path.endsWith('name')) &&
      /\.iana_protocol_(?:name|number)$/.test(path) &&
      whole.has(path.replace(/(name|number)$/, (one) => (one === 'name' ? 'number' : 'name'))),
  },
  {
    name: 'normalize: unknown service',
    reason: 'the plugin names a service without name and port `unknown`',
    fits: (one, expected) =>
      added(new RegExp(`${SERVICE}\\.name$`), /^unknown$/)(one) &&
      !expected.has(one.path.replace(/name$/, 'port')),
  },
  {
    name: 'analyzerid 0 written',
    reason:
      'it is what an absent one means (RFC 4765 §4.2.4.1); an Analyzer of empty texts would not be kept else',
    fits: added(/analyzer\(\d+\)\.analyzerid$/, /^0$/),
  },
  {
    name: 'confidence 0 beside a word',
    reason: 'its confidence is a number that is always there',
    fits: added(/assessment\.confidence\.confidence$/, /^0\.000000$/),
  },
  {
    name: 'markup declares its namespaces',
    reason: 'it leaves the document, so it takes along the declarations it stood under',
    fits: ({ path, expected, found }, whole) =>
      expected !== undefined &&
      found !== undefined &&
      path.endsWith('.data') &&
      whole.get(path.replace(/data$/, 'type')) === 'xml' &&
      withoutDeclarations(expected) === withoutDeclarations(found),
  },
  {
    name: 'ntpstamp printed as numbers',
    reason: 'it holds the 64 bits, and prints both halves as short as they are',
    fits: ({ path, expected, found }, whole) =>
      path.endsWith('.data') &&
      whole.get(path.replace(/data$/, 'type')) === 'ntpstamp' &&
      expected?.toLowerCase().replaceAll(/0x0*(?=[\da-f])/g, '0x') === found,
  },
  {
    name: 'finer than a microsecond',
    reason: 'its times are whole microseconds',
    fits: ({ expected, found }) =>
      expected !== undefined && /^\d+\+\d+$/.test(expected) && expected.split('+')[0] === found,
  },
];

/** What is done to a message so that its echo can be told from others, and comes at all. */
export const echoLimits: readonly Limit[] = [
  {
    name: 'messageid given',
    reason: 'without an id of its own ("0" is none, RFC 4765 §4.2.2) its echo could not be known',
    fits: ({ path, expected = '0', found = '' }) =>
      /^(?:alert|heartbeat)\.messageid$/.test(path) &&
      expected === '0' &&
      /^idmef-relay:[0-9a-f]+:\d+$/.test(found),
  },
  {
    name: 'analyzerid given',
    reason: 'the manager echoes no message whose innermost analyzer has no analyzerid',
    fits: added(/^(?:alert|heartbeat)\.analyzer\(\d+\)\.analyzerid$/, /^idmef-relay:none$/),
  },
];

/** What only a web gateway, its dialect and libprelude do to a message. */
export const dialectLimits: readonly Limit[] = [
  {
    name: 'messageid added',
    reason: 'libprelude gives one to a message that has none',
    fits: added(/^(?:alert|heartbeat)\.messageid$/),
  },
  {
    name: 'ntpstamp as a string',
    reason: 'libprelude corrupts an NTP stamp that is set as a text of that type',
    fits: ({ path, expected, found }, whole) =>
      path.endsWith('.type')
        ? expected === 'ntpstamp' && found === undefined
        : path.endsWith('.data') &&
          whole.get(path.replace(/data$/, 'type')) === 'ntpstamp' &&
          expected?.toLowerCase() === found,
  },
  {
    name: 'nothing in it',
    reason: 'a gateway makes no object of an element that says nothing',
    fits: ({ path, expected, found }, whole) =>
      expected === '{}' &&
      found === undefined &&
      !path.endsWith(')') &&
      ![...whole].some(([key, value]) => key.startsWith(`${path}.`) && value !== '{}'),
  },
];

function withoutDeclarations(markup: string): string {
  return markup.replaceAll(/\s+xmlns(?::[\w-]+)?="[^"]*"/g, '').replaceAll(/\s+/g, ' ');
}

export interface Comparison {
  readonly name: string;
  /** Neither missing, altered nor extra but for what a limit names. */
  readonly complete: boolean;
  /** Names of the limits met, each once. */
  readonly limits: readonly string[];
  readonly losses: readonly Difference[];
  /** False: there is no report of it at all. */
  readonly arrived: boolean;
}

export interface Original {
  readonly name: string;
  /** The element as the journal keeps it. */
  readonly bytes: Uint8Array;
}

interface Reported {
  readonly xml: Fields;
  readonly debug: Fields;
}

/**
 * Each original against the report that fits it best. What is left over is counted: nothing comes from nowhere but the
 * heartbeats of who sends.
 */
export function compareWithManager(
  manager: Pick<PreludeManager, 'documents' | 'debug'>,
  originals: readonly Original[],
  more: readonly Limit[] = [],
): { readonly comparisons: readonly Comparison[]; readonly unexpected: number; readonly heartbeats: number } {
  const documents = manager.documents();
  const records = debugRecords(manager.debug()).filter((record) => /^ {8}analyzer\(1\)/m.test(record));
  if (documents.length !== records.length) {
    throw new Error(`the manager reports ${documents.length} documents and ${records.length} records`);
  }
  const all = documents.map((document, index) => ({
    xml: withoutRelays(xmlmodFields(document)),
    debug: withoutRelays(debugFields(records[index] ?? '')),
  }));
  const others = all.filter(({ debug }) => !isOwnReport(debug));
  const left = new Set<Reported>(others.filter(({ debug }) => isOriginated(debug)));
  const results = new Map<Original, Comparison>();
  const pairs = (fits: (comparison: Comparison, expected: Fields) => boolean): void => {
    for (const original of originals) {
      if (results.has(original)) continue;
      const expected = rfcFields(original.bytes);
      const best = [...left]
        .filter(({ debug }) => alike(expected, debug))
        .map((reported) => ({
          reported,
          comparison: judge(original, expected, reported, [...limits, ...more]),
        }))
        .toSorted((one, other) => one.comparison.losses.length - other.comparison.losses.length)[0];
      if (best === undefined || !fits(best.comparison, expected)) continue;
      results.set(original, best.comparison);
      left.delete(best.reported);
    }
  };
  const heartbeats = others.length - left.size;
  pairs(({ complete }) => complete);
  // What differs in more than a half is another message of the same second.
  pairs(({ losses }, { size }) => losses.length < size);
  const nothing = { complete: false, limits: [], losses: [], arrived: false };
  return {
    comparisons: originals.map((original) => results.get(original) ?? { name: original.name, ...nothing }),
    unexpected: left.size,
    heartbeats,
  };
}

function judge(
  { name, bytes }: Original,
  whole: Fields,
  reported: Reported,
  known: readonly Limit[],
): Comparison {
  const met = new Set<string>();
  const losses = (['xml', 'debug'] as const).flatMap((report) => {
    const { expected, found, rules } = accountMoved(bytes, whole, reported[report]);
    for (const rule of rules) met.add(`moved: ${rule}`);
    if (dropEmpty(expected)) met.add('normalize: nothing in it');
    return differences(report, expected, found).filter((one) => {
      const limit = known.find(({ fits }) => fits(one, expected, found));
      if (limit !== undefined) met.add(limit.name);
      return limit === undefined;
    });
  });
  return { name, complete: losses.length === 0, limits: [...met], losses, arrived: true };
}

/** The plugin drops an Address without address, whatever else it says, then a Node without name and address. */
function dropEmpty(expected: Map<string, string>): boolean {
  const before = expected.size;
  const addresses = [...expected.keys()].filter(
    (path) => /\.address\(\d+\)$/.test(path) && !expected.has(`${path}.address`),
  );
  for (const path of addresses.toReversed()) closeUp(expected, path);
  for (const path of expected.keys()) {
    if (!path.endsWith('.node') || expected.has(`${path}.name`) || expected.has(`${path}.address(0)`))
      continue;
    for (const key of expected.keys()) if (key === path || key.startsWith(`${path}.`)) expected.delete(key);
  }
  return expected.size < before;
}

function differences(report: Difference['report'], expected: Fields, found: Fields): Difference[] {
  const out: Difference[] = [];
  for (const [path, value] of expected) {
    if (found.get(path) !== value) out.push({ report, path, expected: value, found: found.get(path) });
  }
  for (const [path, value] of found) {
    if (!expected.has(path)) out.push({ report, path, expected: undefined, found: value });
  }
  return out;
}

/** Could be reports of the same message: what people tell messages apart by. */
function alike(expected: Fields, found: Fields): boolean {
  return ['alert', 'heartbeat'].every((kind) =>
    ['create_time', 'messageid', 'classification.text'].every((key) => {
      const want = expected.get(`${kind}.${key}`)?.split('+')[0];
      // The id "0" is none, and may have become one.
      return want === undefined || want === '0' || want === found.get(`${kind}.${key}`);
    }),
  );
}

/** Somebody stands behind the two relays; else it is the heartbeat of one of them. */
function isOriginated(fields: Fields): boolean {
  return fields.has('alert.analyzer(0)') || fields.has('heartbeat.analyzer(0)');
}

/** What the poller says about its own work, of what it set aside for instance. */
function isOwnReport(fields: Fields): boolean {
  return fields.get('alert.analyzer(0).analyzerid')?.startsWith('idmef-relay@') === true;
}

/** Without the manager and who sent it there, both of which put themselves first (RFC 4765 §4.2.4.1). */
function withoutRelays(fields: Fields): Fields {
  const out = new Map<string, string>();
  for (const [path, value] of fields) {
    const match = /^(alert|heartbeat)\.analyzer\((\d+)\)(.*)$/.exec(path);
    if (match === null) out.set(path, value);
    else if (Number(match[2]) >= 2)
      out.set(`${match[1]}.analyzer(${Number(match[2]) - 2})${match[3]}`, value);
  }
  return out;
}

/** One line a difference. */
export function describeLosses({ name, arrived, losses }: Comparison): string {
  if (!arrived) return `${name}: did not arrive`;
  return losses
    .map(({ report, path, expected, found }) => {
      const what = expected === undefined ? 'extra' : found === undefined ? 'missing' : 'altered';
      return `${name}: ${what} in ${report}: ${path}: ${expected ?? '–'} → ${found ?? '–'}`;
    })
    .join('\n');
}
