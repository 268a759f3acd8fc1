/**
 * R21: our sensor beside the imitation of the Python one (test/support/old-server.ts): the same generated spool, the same
 * flags, the same request → the same status and the same alerts, and each alert of ours equals the one in its file after
 * canonicalisation. What the old server does wrong is not asked of it (ARCHITECTURE.md: The wire has the whole table).
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';

import { parseTree, type TreeElement } from '../../src/idmef/tree.ts';
import { validDocument } from '../idmef/generator.ts';
import { render, styles } from '../idmef/render.ts';
import { startOldServer } from '../support/old-server.ts';
import { rawClient, type RawAnswer } from '../support/raw-client.ts';
import { putInSpool } from '../support/spool-writer.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { withEndings, type Endings } from './endings.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

export const scenario: Scenario = {
  id: 'R21',
  title: 'same answers as the old server',
  run: withEndings(run),
};

const MODES = ['peek', 'delete', 'movedir'] as const;
const REQUESTS = [
  'GET / HTTP/1.1\r\nAccept: text/html',
  'PUT / HTTP/1.1\r\nAccept: text/xml\r\nContent-Length: 0',
  'GET /nothing/here HTTP/1.1\r\nAccept: text/xml',
  'GET / HTTP/1.1\r\nAccept: text/xml',
] as const;

interface Tally {
  spools: number;
  alerts: number;
  lost: number;
  unexpected: number;
  altered: number;
  duplicates: number;
  readonly failures: string[];
}

async function run({ seed, scale, directory, say }: FaultContext, endings: Endings): Promise<FaultResult> {
  const spools = (scale === 'long' ? 500 : 30) / MODES.length;
  const tally: Tally = {
    spools: 0,
    alerts: 0,
    lost: 0,
    unexpected: 0,
    altered: 0,
    duplicates: 0,
    failures: [],
  };
  for (const mode of MODES) {
    await compareMode(mode, join(directory, mode), Math.ceil(spools), seed, tally, endings);
    say(`${mode}: ${tally.spools} spools, ${tally.alerts} alerts so far`);
  }
  const { spools: runs, alerts: obligations, ...rest } = tally;
  const figures = [`${runs} spools, ${runs * REQUESTS.length} requests`];
  return { runs, faults: 0, obligations, ...rest, figures };
}

async function compareMode(
  mode: (typeof MODES)[number],
  dir: string,
  spools: number,
  seed: number,
  tally: Tally,
  endings: Endings,
): Promise<void> {
  mkdirSync(dir);
  const world = await makeWorld(dir);
  const [oldSpool, done, oldDone] = ['old-spool', 'done', 'old-done'].map((name) => join(dir, name));
  if (oldSpool === undefined || done === undefined || oldDone === undefined) throw new Error('no directory');
  for (const made of [oldSpool, done, oldDone]) mkdirSync(made);
  const flags = { peek: [], delete: ['--delete'], movedir: ['--movedir', done] }[mode];
  const sensor = await world.startSensor([...flags, '--allow-poller', 'DNS:manager1']);
  endings.after(() => sensor.kill('SIGKILL'));
  const old = await startOldServer(endings, {
    pki: world.pki,
    spoolDir: oldSpool,
    delete: mode === 'delete',
    ...(mode === 'movedir' ? { moveDir: oldDone } : {}),
  });
  const sample = fc.sample(fc.tuple(validDocument(), styles()), { seed, numRuns: spools * 4 });
  for (let round = 0; round < spools; round += 1) {
    const files = sample.slice(round * 4, round * 4 + 4).map(([document, style]) =>
      // The imitation reads UTF-8 and looks for the root by a pattern.
      render(document, { ...style, prefix: 'idmef', encoding: 'utf-8', doctype: false, choices: [0] }),
    );
    const wanted = files.flatMap((bytes) => messagesOf(bytes, 'inherited'));
    for (const [index, bytes] of files.entries()) {
      putInSpool(world.spool, `f${round}-${index}`, bytes);
      writeFileSync(join(oldSpool, `f${round}-${index}.xml`), bytes);
    }
    await takenIn(world, wanted.length);
    for (const request of REQUESTS) {
      const [ours, theirs] = [
        await send(world, world.sensorPort, request),
        await send(world, old.port, request),
      ];
      // Of files without a message the old server makes an empty document; ours has nothing to give.
      const nothing = request === REQUESTS.at(-1) && wanted.length === 0;
      const expected = nothing && theirs?.status === 200 ? 404 : theirs?.status;
      if (ours?.status !== expected) {
        tally.failures.push(`${mode}: ${request.split('\r')[0]}: ${ours?.status} instead of ${expected}`);
      }
      if (request !== REQUESTS.at(-1)) continue;
      const forms = (answer: RawAnswer | undefined, inheriting: Inheriting): string[] =>
        answer?.status === 200 ? messagesOf(answer.body, inheriting).toSorted() : [];
      compare(wanted, forms(ours, 'inherited'), tally);
      if (forms(ours, 'bare').join() !== forms(theirs, 'bare').join()) {
        tally.failures.push(`${mode}: spool ${round}: not the alerts the old server gives`);
      }
    }
    tally.spools += 1;
    tally.alerts += wanted.length;
    if (mode === 'peek') {
      for (const place of [world.spool, oldSpool]) {
        for (const name of readdirSync(place)) if (name.endsWith('.xml')) rmSync(join(place, name));
      }
    }
    await takenIn(world, 0);
  }
}

async function takenIn(world: World, count: number): Promise<void> {
  await until(
    async () => {
      const { headers } = await world.ask({ method: 'HEAD', headers: { prefer: 'peek' } });
      return Number(headers['idmef-pending']) === count;
    },
    { timeoutMs: 40_000, what: `${count} alerts at the sensor` },
  );
}

async function send({ pki }: World, port: number, request: string): Promise<RawAnswer | undefined> {
  const client = await rawClient(port, pki, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  client.send(`${request}\r\nHost: localhost\r\n\r\n`);
  const answer = await client.answer();
  client.socket.end();
  await client.closed;
  return answer;
}

function compare(wanted: readonly string[], got: readonly string[], tally: Tally): void {
  const left = new Map<string, number>();
  for (const one of wanted) left.set(one, (left.get(one) ?? 0) + 1);
  for (const one of got) {
    const count = left.get(one) ?? 0;
    if (count === 0) tally.altered += 1;
    else left.set(one, count - 1);
  }
  for (const count of left.values()) tally.lost += count;
}

type Inheriting = 'inherited' | 'bare';

/**
 * A hash of the canonical form of each alert and heartbeat in a document: with the xml:lang and xml:space it inherits from
 * the root, or without any, because the old server drops the root's attributes.
 */
function messagesOf(document: Uint8Array, inheriting: Inheriting): string[] {
  const root = parseTree(document);
  const general = root.attributes.filter(({ name }) => name.startsWith('xml:'));
  return root.children
    .filter((child): child is TreeElement => child.kind === 'element')
    .map((child) => {
      const own = child.attributes;
      const attributes =
        inheriting === 'bare'
          ? own.filter(({ name }) => !name.startsWith('xml:'))
          : [...own, ...general.filter(({ name }) => !own.some((one) => one.name === name))];
      const form = JSON.stringify(canonical({ ...child, attributes }));
      return createHash('sha256').update(form).digest('hex');
    });
}

/** Names with their namespace, attributes in order, texts joined; prefixes, quotes and comments do not count. */
function canonical(element: TreeElement): unknown {
  const attributes = element.attributes
    .filter(({ name }) => name !== 'xmlns' && !name.startsWith('xmlns:'))
    .map(({ name, value }) => [name, value])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const children: unknown[] = [];
  let text = '';
  for (const child of element.children) {
    if (child.kind === 'text') text += child.value;
    if (child.kind !== 'element') continue;
    children.push(text, canonical(child));
    text = '';
  }
  return [element.namespace, element.local, attributes, [...children, text]];
}
