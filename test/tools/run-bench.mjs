/**
 * `npm run bench [-- NAME…]`: runs the compiled benches of test/bench one after the other, each in a process of its
 * own, so that what is called cold is cold. Prints the machine first; figures mean nothing without it.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '.build', 'test', 'bench');
const wanted = process.argv.slice(2);
const all = readdirSync(folder)
  .filter((name) => name.endsWith('.js'))
  .map((name) => name.replace(/\.js$/, ''));
const unknown = wanted.find((name) => !all.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`run-bench: error: no bench ${unknown}\nrun-bench: hint: one of ${all.join(', ')}\n`);
  process.exit(64);
}

const { length: cores } = cpus();
const memory = Math.round(totalmem() / 1024 ** 3);
process.stdout.write(
  `Node ${process.versions.node}, ${cores} × ${cpus()[0]?.model ?? 'CPU'}, ${memory} GiB\n`,
);
let failed = 0;
for (const name of wanted.length > 0 ? wanted : all) {
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(process.execPath, [join(folder, `${name}.js`)], { stdio: 'inherit' });
  if (status !== 0) failed += 1;
}
process.exit(failed > 0 ? 1 : 0);
