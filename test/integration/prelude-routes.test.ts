/**
 * Every valid message from the field and messages that use all of RFC 4765, from a spool to a real prelude-manager, by each
 * way there is: through a web gateway in its dialect, natively without and with acknowledgement. What the manager reports is
 * compared with the message field by field; what it cannot hold or print itself is named and counted, nothing else may
 * be missing, altered or added.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { RFC_NAMESPACE } from '../../src/idmef/envelope.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { validDocument } from '../idmef/generator.ts';
import { plain, render } from '../idmef/render.ts';
import {
  compareWithManager,
  describeLosses,
  dialectLimits,
  echoLimits,
  type Comparison,
  type Limit,
  type Original,
} from '../support/prelude-compare.ts';
import { rfcFields } from '../support/prelude-fields.ts';
import { noPrelude } from '../support/prelude-manager.ts';
import { carryOver, type Route } from '../support/prelude-routes.ts';
import { noCorpus, validCorpus } from '../support/valid-corpus.ts';
import { wholeMessages } from '../support/whole-rfc.ts';

const GENERATED = Number(process.env['GENERATED_DOCUMENTS'] ?? 60);

interface ComparedRoute extends Route {
  readonly limits: readonly Limit[];
}

const routes: readonly ComparedRoute[] = [
  {
    name: 'web gateway, dialect of SECEF',
    permissions: 'idmef:w',
    gateway: true,
    flags: ['--dialect', 'secef'],
    limits: dialectLimits,
  },
  {
    name: 'web gateway, dialect found out',
    permissions: 'idmef:w',
    gateway: true,
    flags: [],
    limits: dialectLimits,
  },
  { name: 'native, unacknowledged', permissions: 'idmef:w', flags: [], limits: [] },
  { name: 'native, acknowledged', permissions: 'idmef:rw', flags: ['--follow'], limits: echoLimits },
];

interface Sample {
  readonly name: string;
  readonly documents: readonly Uint8Array[];
  readonly originals: readonly Original[];
}

function corpus(): Sample {
  const documents = validCorpus();
  return {
    name: 'messages from the field',
    documents: documents.map(({ bytes }) => bytes),
    originals: documents.flatMap(({ name, messages }) =>
      messages.map((bytes, index) => ({ name: `${name} ${index + 1}`, bytes })),
    ),
  };
}

function whole(): Sample {
  const { messages } = wholeMessages();
  return {
    name: 'messages with all of the RFC',
    documents: messages.map(({ text }) =>
      Buffer.from(`<IDMEF-Message xmlns="${RFC_NAMESPACE}">${text}</IDMEF-Message>`),
    ),
    originals: messages.map(({ name, text }) => ({ name, bytes: Buffer.from(text) })),
  };
}

/** Whatever the schema allows: empty texts, numbers and times out of range, odd characters; the same each time. */
function generated(): Sample {
  const documents = fc
    .sample(validDocument(), { numRuns: GENERATED, seed: 4765 })
    .map((document) => render(document, plain));
  return {
    name: 'generated messages',
    documents,
    originals: documents.flatMap((document, index) => {
      const verdict = readDocument(document, 'strict');
      const messages = verdict.readable ? verdict.messages : [];
      return messages.map(({ bytes }, nth) => ({ name: `generated ${index}.${nth}`, bytes }));
    }),
  };
}

/** Prelude has no time of creation before 1970 or after 2106, and would put its own instead. */
function hasPlace({ bytes }: Original): boolean {
  const fields = rfcFields(bytes);
  const time = Number(
    (fields.get('alert.create_time') ?? fields.get('heartbeat.create_time'))?.split('+')[0],
  );
  return time >= 0 && time < 2 ** 32 * 1e6;
}

function table(comparisons: readonly Comparison[]): string[] {
  const counts = new Map<string, number>();
  for (const { limits } of comparisons) {
    for (const name of limits) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const lines = [...counts].map(([name, count]) => `${name}: ${count}`);
  return lines.toSorted((a, b) => (a < b ? -1 : 1)).map((line) => `  ${line}`);
}

for (const [make, skip] of [
  [corpus, noPrelude() || noCorpus()],
  [whole, noPrelude()],
  [generated, noPrelude()],
] as const) {
  for (const route of routes) {
    test(`${make.name}: ${route.name}`, { skip }, async (t) => {
      const { name, documents, originals } = make();
      assert.ok(originals.length > 10, 'there is hardly anything to carry');
      const { manager, quarantine, stderr } = await carryOver(t, route, documents);
      const fit = originals.filter(hasPlace);
      const aside = quarantine.map(({ reason, detail }) => `${reason}: ${detail}`);
      assert.deepEqual(
        aside.filter((words) => !words.includes('create-time')),
        [],
        stderr,
      );
      assert.equal(aside.length, originals.length - fit.length, stderr);
      const { comparisons, unexpected, heartbeats } = compareWithManager(manager, fit, route.limits);
      const complete = comparisons.filter((one) => one.complete).length;
      t.diagnostic(
        `${route.name}: ${complete} of ${originals.length} ${name} arrived complete, ${aside.length} set aside; limits met:`,
      );
      for (const line of table(comparisons)) t.diagnostic(line);
      assert.equal(
        comparisons
          .filter((one) => !one.complete)
          .map(describeLosses)
          .join('\n'),
        '',
        stderr,
      );
      assert.equal(unexpected, 0, 'reports of what nobody sent');
      assert.equal(heartbeats, route.gateway === true ? 0 : 1, 'heartbeats of our own');
    });
  }
}
