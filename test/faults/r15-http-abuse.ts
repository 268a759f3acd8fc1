/**
 * R15: abuse of HTTP. The table of r15-cases.ts with the exact statuses, then random mutations of good requests: no
 * crash, no status 500, nothing lost, and nothing taken by a request that did not ask for it (the journal's counters).
 *
 * A case that leaves the connection open is followed by a request of ours: what comes back must be its answer and no
 * other, or something in between was taken for a request.
 */

import { connect } from 'node:tls';

import { generator } from '../support/generator.ts';
import { putInSpool } from '../support/spool-writer.ts';
import { alertElement, document } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { abuseCases, type AbuseCase } from './r15-cases.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

const ALERTS = 50;
const ANSWER_MS = 5_000;
/** What follows where the connection must have stayed open; nothing else is answered 204 without Accept-Post. */
const PROBE = 'OPTIONS / HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n';
/** Fewer than connectionLimits.streamsPerPeer: the limit has tests of its own. */
const PARALLEL = 3;

export const scenario: Scenario = {
  id: 'R15',
  title: 'abuse of HTTP',
  async run(context: FaultContext): Promise<FaultResult> {
    const mutations = context.scale === 'ci' ? 1_000 : 10_000;
    const world = await makeWorld(context.directory);
    const monitor = await world.pki.issue({ name: 'monitor', san: ['DNS:monitor1'], eku: ['client'] });
    const roles = [
      '--allow-poller',
      'DNS:manager1',
      '--allow-producer',
      'DNS:manager1',
      '--allow-monitor',
      'DNS:monitor1',
    ];
    let sensor = await world.startSensor(['--delete', ...roles]);
    const failures: string[] = [];
    try {
      const elements = Array.from({ length: ALERTS }, (_, n) => alertElement(`r15-${n}`));
      putInSpool(world.spool, 'r15', document(...elements));
      const metrics = async (): Promise<Metrics> => {
        const { body } = await world.ask({ path: '/metrics', as: monitor });
        return readMetrics(body.toString());
      };
      await until(async () => (await metrics()).pending === ALERTS, { what: 'intake' });

      await inParallel(abuseCases, async (one) => {
        const found = await converse(world, one);
        const expected = [...one.statuses, ...(one.closed ? [] : [204])].join(' ');
        if (found !== expected)
          failures.push(`${one.name}: ${found || 'nothing'}, expected ${expected || 'nothing'}`);
      });
      const posts = abuseCases.flatMap(({ statuses }) => statuses.filter((status) => status === 201)).length;
      await judge(metrics, posts, failures, 'table');

      // Without --delete a GET only looks, so that one whose preference was mutated away has taken nothing either.
      await sensor.kill('SIGTERM');
      sensor = await world.startSensor(roles);
      const before = await metrics();
      const next = generator(context.seed);
      const good = abuseCases.filter(
        ({ closed, statuses }) => !closed && statuses.every((status) => status < 300),
      );
      const seen = new Map<string, number>();
      const mutants = Array.from({ length: mutations }, () => mutate(good, next));
      await inParallel(mutants, async (one) => {
        const found = await converse(world, one);
        for (const status of found.split(' ')) seen.set(status, (seen.get(status) ?? 0) + 1);
        if (/\b5\d\d\b/.test(found))
          failures.push(`answered ${found}: ${JSON.stringify(one.bytes.toString('latin1'))}`);
        if (found.includes('late')) failures.push(`no end: ${JSON.stringify(one.bytes.toString('latin1'))}`);
      });
      const after = await metrics();
      await judge(metrics, after.accepted - ALERTS, failures, 'mutations');
      if (after.accepted < before.accepted) failures.push('messages are gone');
      if (after.malformed === 0) failures.push('no mutation was malformed: the test proves nothing');
      const told = [...seen]
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([status, count]) => `${status || 'none'}×${count}`);
      context.say(`mutations answered: ${told.join(', ')}`);
      const wrong = sensor.stderr().match(/^.*(?:failed:|uncaught|error:).*$/gm) ?? [];
      failures.push(...wrong.slice(0, 5).map((line) => `the log says: ${line}`));
      const exit = await sensor.kill('SIGTERM');
      if (exit.code !== 0) failures.push(`ended with ${exit.code ?? exit.signal}`);
      return {
        runs: 1,
        faults: abuseCases.length + mutations,
        obligations: after.accepted,
        lost: Math.max(0, after.accepted - after.pending - after.settled),
        unexpected: 0,
        altered: 0,
        duplicates: 0,
        failures,
        figures: [`${abuseCases.length} cases`, `${mutations} mutations`],
      };
    } finally {
      await sensor.kill('SIGKILL');
    }
  },
};

interface Metrics {
  readonly accepted: number;
  readonly pending: number;
  readonly settled: number;
  readonly leased: number;
  readonly malformed: number;
}

/** Nothing was taken, and what came in is what was answered 201. */
async function judge(
  metrics: () => Promise<Metrics>,
  posted: number,
  failures: string[],
  when: string,
): Promise<void> {
  const now = await metrics();
  if (now.settled !== 0) failures.push(`${when}: ${now.settled} messages were taken`);
  if (now.accepted !== ALERTS + posted)
    failures.push(`${when}: ${now.accepted} accepted, ${ALERTS + posted} expected`);
  if (now.pending + now.leased !== now.accepted)
    failures.push(`${when}: ${now.pending} of ${now.accepted} pending`);
}

function readMetrics(text: string): Metrics {
  const value = (name: string): number =>
    [...text.matchAll(new RegExp(`^idmef_relay_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, number]) => sum + Number(number),
      0,
    );
  return {
    accepted: value('messages_accepted_total'),
    pending: value('consumer_pending'),
    settled: value('consumer_settled_total'),
    leased: value('consumer_leased'),
    malformed: value('requests_malformed_total'),
  };
}

/** Statuses that came, in order; `late` when the connection was not ended in time. */
async function converse(world: World, one: AbuseCase): Promise<string> {
  const { client, caPem } = world.pki;
  return await new Promise((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port: world.sensorPort,
      servername: 'localhost',
      cert: client.certPem,
      key: client.keyPem,
      ca: caPem,
    });
    let text = '';
    const finish = (word = ''): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve([...statusesOf(text, one.head === true), ...(word === '' ? [] : [word])].join(' '));
    };
    const timer = setTimeout(() => finish('late'), ANSWER_MS);
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.once('secureConnect', () => {
      socket.write(one.bytes);
      // Where the end is expected nothing follows, and whoever waits for more of a request is told so by the probe.
      if (!one.closed) socket.write(PROBE);
    });
    socket.once('error', () => finish());
    socket.once('end', () => finish());
    socket.once('close', () => finish());
  });
}

function statusesOf(text: string, head: boolean): string[] {
  const found: string[] = [];
  let rest = text;
  for (;;) {
    const match = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest);
    if (match === null) return rest === '' ? found : [...found, 'garbage'];
    const [whole, status = ''] = match;
    found.push(status);
    if (/^transfer-encoding: chunked$/im.test(whole)) return [...found, 'not ours'];
    const length = Number(/^content-length: (\d+)$/im.exec(whole)?.[1] ?? 0);
    const bodiless = (head && found.length === 1) || status === '204' || status === '100';
    rest = rest.slice(whole.length + (bodiless ? 0 : length));
  }
}

/** Some bytes of a good request replaced, removed, doubled, or moved; what follows is the probe, which may be eaten. */
function mutate(good: readonly AbuseCase[], next: () => number): AbuseCase & { readonly bytes: Buffer } {
  const pick = (below: number): number => Math.floor(next() * below);
  const source = good[pick(good.length)] ?? { name: '', bytes: '' };
  let bytes = Buffer.from(typeof source.bytes === 'string' ? Buffer.from(source.bytes) : source.bytes);
  for (let times = 1 + pick(3); times > 0; times -= 1) {
    const at = pick(bytes.length);
    const length = 1 + pick(8);
    const [before, part, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, at + length),
      bytes.subarray(at + length),
    ];
    switch (pick(4)) {
      case 0:
        bytes = Buffer.concat([before, Buffer.from(part.map(() => pick(256))), after]);
        break;
      case 1:
        bytes = Buffer.concat([before, after]);
        break;
      case 2:
        bytes = Buffer.concat([before, part, part, after]);
        break;
      default:
        bytes = Buffer.concat([before, Buffer.from(SPECIAL[pick(SPECIAL.length)] ?? ''), part, after]);
    }
  }
  return { name: `${source.name}, mutated`, bytes, statuses: [], closed: false };
}

const SPECIAL = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  ':',
  ',',
  '0\r\n\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
];

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
