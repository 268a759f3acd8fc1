/**
 * The file sink on a small filesystem, which it is given as its directory and fills. Writes one line of JSON: what became of each call.
 * Started by test/integration/dispatcher-full-disk.test.ts.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fileType } from '../../../src/dispatcher/sinks/own/file/file.ts';
import { endpoint, message, never, notification, recipient, world } from './sink-world.ts';

const dir = join(process.argv[2] ?? '', 'out');
const format = process.argv[3] ?? '';
const file = join(dir, 'alerts.jsonl');
const filler = join(dir, 'filler');
mkdirSync(dir);
const sink = await fileType.create(endpoint('file', { dir }), world());

/** Ten alerts a call. */
async function send(call: number): Promise<string> {
  const batch = Array.from({ length: 10 }, (_, n) => message(10 * call + n, { title: 'x'.repeat(2_000) }));
  const { outcome } = await sink.send(notification(batch, recipient({ format })), never);
  return 'reason' in outcome ? `${outcome.kind} ${/E[A-Z]+/.exec(outcome.reason)?.[0] ?? ''}` : outcome.kind;
}

/** Numbers of the alerts that can be read; what cannot be is said. */
function stored(): unknown[] {
  if (format === 'idmef') return readdirSync(dir).filter((name) => !/^\.|filler/.test(name));
  const whole = readFileSync(file, 'utf8').split('\n');
  if (whole.pop() !== '') return ['torn'];
  return whole.map((line) => {
    const { seq }: { seq?: number } = JSON.parse(line);
    return seq;
  });
}

writeFileSync(filler, Buffer.alloc(600 * 1024));
const outcomes: string[] = [];
while (outcomes.at(-1) === undefined || outcomes.at(-1) === 'ok') outcomes.push(await send(outcomes.length));
const full = stored().length;
const stillFull = await send(outcomes.length - 1);
const left = readdirSync(dir).filter((name) => name.startsWith('.')).length;
rmSync(filler);
const roomAgain = await send(outcomes.length - 1);
const all = stored();
process.stdout.write(
  `${JSON.stringify({
    taken: outcomes.length - 1,
    refused: [outcomes.at(-1), stillFull],
    full,
    left,
    roomAgain,
    stored: all.length,
    different: new Set(all).size,
  })}\n`,
);
await sink.close();
