/**
 * `npm run build`: compiles src/ into a fresh dist/ and makes its commands executable. Runs after prepare.mjs,
 * which has installed the compiler. Plain JavaScript, like all tools that run before anything is compiled.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.dist.json')], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
if (status !== 0) {
  process.stderr.write('build: error: the sources do not compile; the lines above say why\n');
  process.exit(1);
}
for (const name of readdirSync(join(dist, 'bin'))) chmodSync(join(dist, 'bin', name), 0o755);
process.stderr.write('build: dist/ is ready\n');
