/**
 * R10: clients that go away at a random byte of an answer (reset, close, half-close, killed, silent), plain and leased, with
 * bodies from a few bytes to 32 MB. Nothing may be consumed by an answer that did not arrive whole, and everything must
 * arrive afterwards.
 *
 * A client that closes in order although it has not read an answer that its kernel has accepted is the known residue of
 * the implicit receipt (ARCHITECTURE.md: The wire): half-closes are therefore tried on answers larger than both ends'
 * buffers only.
 */

import { createHash } from 'node:crypto';

import { disconnect, type Way } from '../support/disconnect.ts';
import type { Program } from '../support/program.ts';
import { generator } from '../support/generator.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { withEndings, type Endings } from './endings.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

const MIB = 2 ** 20;
/** More than both kernels hold of an unread answer. */
const LARGE_BYTES = 14 * MIB;

interface Shape {
  readonly alerts: number;
  /** Payload of each. */
  readonly bytes: number;
}

const shapes: readonly Shape[] = [
  { alerts: 1, bytes: 0 },
  { alerts: 40, bytes: 5_000 },
  { alerts: 8, bytes: MIB },
  { alerts: 16, bytes: MIB },
  { alerts: 32, bytes: MIB },
];

export const scenario: Scenario = {
  id: 'R10',
  title: 'clients that disconnect at a random byte',
  run: withEndings(run),
};

interface Tally {
  aborts: number;
  obligations: number;
  lost: number;
  unexpected: number;
  altered: number;
  duplicates: number;
  readonly failures: string[];
}

async function run({ seed, scale, directory, say }: FaultContext, endings: Endings): Promise<FaultResult> {
  const random = generator(seed);
  const world = await makeWorld(directory);
  const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
  endings.after(() => sensor.kill('SIGKILL'));
  const tally: Tally = {
    aborts: 0,
    obligations: 0,
    lost: 0,
    unexpected: 0,
    altered: 0,
    duplicates: 0,
    failures: [],
  };
  const rounds = scale === 'long' ? 1_000 : 16;
  for (const [index, shape] of shapes.entries()) {
    await abortAll(world, sensor, { ...shape, name: `s${index}`, rounds, random, tally });
    say(`${shape.alerts} alerts of ${shape.bytes} bytes: ${tally.aborts} disconnects so far`);
  }
  const { aborts, ...rest } = tally;
  return { runs: shapes.length, faults: aborts, ...rest, figures: [`${aborts} disconnects`] };
}

interface Series extends Shape {
  readonly name: string;
  readonly rounds: number;
  readonly random: () => number;
  readonly tally: Tally;
}

async function abortAll(world: World, sensor: Program, series: Series): Promise<void> {
  const { alerts, bytes, name, rounds, random, tally } = series;
  const promised = new Map<string, string>();
  for (let n = 0; n < alerts; n += 1) {
    const id = `${name}-${n}`;
    const text = alertDocument(id, 'x'.repeat(Math.floor(bytes * (0.5 + random() / 2))));
    promised.set(id, hashOf(elements(text)[0] ?? ''));
    putInSpool(world.spool, id, text);
  }
  tally.obligations += alerts;
  await pendingBecomes(world, alerts);
  const { headers } = await world.ask({ method: 'HEAD' });
  const length = Number(headers['content-length']);
  const large = length > LARGE_BYTES;
  const receipts = (): number => sensor.stderr().match(/ received, /g)?.length ?? 0;
  const before = receipts();
  const kinds: readonly Way[] = large ? ['reset', 'close', 'half-close', 'kill'] : ['reset'];
  for (let round = 0; round < rounds; round += 1) {
    const way = kinds[Math.floor(random() * kinds.length)] ?? 'reset';
    // A small leased answer is with the kernel at once: only its lease's end gives it back.
    const leased = large && way !== 'kill' && random() < 0.3;
    const prefer = leased ? 'Prefer: lease=5, batch=1000, batch-bytes=8388608\r\n' : '';
    const request = `GET / HTTP/1.1\r\nHost: localhost\r\n${prefer}\r\n`;
    await disconnect(world, way, request, 1 + Math.floor(random() ** 3 * Math.min(length, 3 * MIB)));
    tally.aborts += 1;
    await pendingBecomes(world, alerts);
    if (receipts() > before) {
      tally.failures.push(`${name}: an answer that was given up (${way}) counts as received`);
      return;
    }
  }
  await collect(world, promised, tally);
  await until(() => receipts() > before, { what: 'the receipt of the last download' });
}

async function pendingBecomes(world: World, count: number): Promise<void> {
  await until(
    async () => {
      const { headers } = await world.ask({ method: 'HEAD', headers: { prefer: 'peek' } });
      return Number(/pending=(\d+)/.exec(String(headers['idmef-status']))?.[1]) === count;
    },
    { timeoutMs: 20_000, what: `${count} alerts due again` },
  );
}

/** Reads everything as an honest client, and compares. */
async function collect(world: World, promised: Map<string, string>, tally: Tally): Promise<void> {
  const came = new Map<string, number>();
  for (;;) {
    const { status, body } = await world.ask();
    if (status === 404) break;
    for (const element of elements(body.toString('utf8'))) {
      const [id = ''] = messageIds(element);
      came.set(id, (came.get(id) ?? 0) + 1);
      const hash = promised.get(id);
      if (hash === undefined) tally.unexpected += 1;
      else if (hash !== hashOf(element)) tally.altered += 1;
    }
  }
  for (const id of promised.keys()) {
    const times = came.get(id) ?? 0;
    if (times === 0) tally.lost += 1;
    else tally.duplicates += times - 1;
  }
}

/** The alerts of a document, without the namespace declaration that the journal adds. */
function elements(document: string): string[] {
  return (document.match(/<idmef:Alert[\s>].*?<\/idmef:Alert>/gs) ?? []).map((text) =>
    text.replace(' xmlns:idmef="http://iana.org/idmef"', ''),
  );
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
