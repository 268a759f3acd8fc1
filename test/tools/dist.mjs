/**
 * `npm run dist [-- DIR]`: packs idmef-relay-VERSION-linux-ARCH.tar.gz, which starts without npm, network or
 * compiler. Runs after build.mjs.
 *
 * Content: bin/ (launchers), dist/, the production packages of package-lock.json with this platform's prebuilt
 * only, systemd/, firewalld/, config/, certs/ and the documents. Same input, same bytes: order, owner and time
 * of the entries are fixed.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const target = resolve(process.argv[2] ?? root);
const { name, version, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const title = `${name}-${version}-${process.platform}-${process.arch}`;
const documents = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'package.json'];

const staging = mkdtempSync(join(tmpdir(), 'idmef-relay-dist-'));
try {
  const folder = join(staging, title);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const entry of ['dist', 'systemd', 'firewalld', 'config', 'certs', ...documents]) {
    cpSync(join(root, entry), join(folder, entry), { recursive: true });
  }
  rmSync(join(folder, 'dist/.tsbuildinfo'), { force: true });
  for (const [command, script] of Object.entries(bin)) launcher(join(folder, 'bin', command), script);
  packages(folder);
  pack();
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/** NODE_* of the caller's shell must not add a CA or code; eval and __proto__ are not used by anything here. */
function launcher(path, script) {
  const text = `#!/bin/sh
# Starts ${script} with the Node in runtime/ beside it, if there is one, else with that in PATH.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
unset NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED
node=$here/runtime/bin/node
[ -x "$node" ] || node=node
exec "$node" --disable-proto=delete --disallow-code-generation-from-strings "$here/${script}" "$@"
`;
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

function packages(folder) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const wanted = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  );
  for (const [path] of wanted) {
    if (!existsSync(join(root, path))) fail(`${path} is not installed; run npm ci`);
    cpSync(join(root, path), join(folder, path), { recursive: true, filter: needed });
  }
}

/** Leaves out other platforms' binaries, C sources, type declarations and source maps. */
function needed(source) {
  const path = source.split(sep).join('/');
  const prebuilt = /\/prebuilds\/([^/]+)/.exec(path);
  if (prebuilt !== null) return prebuilt[1] === `${process.platform}-${process.arch}`;
  if (/node_modules\/@photostructure\/sqlite\/(?:src|scripts|binding\.gyp)/.test(path)) return false;
  return statSync(source).isDirectory() || !/\.(?:d\.[cm]?ts|[cm]?ts|map|md|markdown)$/i.test(path);
}

function pack() {
  mkdirSync(target, { recursive: true });
  const file = join(target, `${title}.tar.gz`);
  // A fixed day: the time of the clone must not be in the file.
  const time = '2026-01-01 00:00:00Z';
  const options = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    `--mtime=${time}`,
    '--mode=go-w',
  ];
  const tar = spawnSync('tar', [...options, '-C', staging, '-I', 'gzip -n', '-cf', file, title], {
    stdio: ['ignore', 2, 2],
  });
  if (tar.error) fail(`tar cannot be run: ${tar.error.message}`);
  if (tar.status !== 0) fail(`tar ended with ${tar.status ?? tar.signal}`);
  const entries = readdirSync(join(staging, title)).length;
  const mib = (statSync(file).size / 1024 / 1024).toFixed(1);
  process.stderr.write(`dist: ${entries} entries, ${mib} MiB\n`);
  process.stdout.write(`${file}\n`);
}

function fail(text) {
  process.stderr.write(`dist: error: ${text}\n`);
  rmSync(staging, { recursive: true, force: true });
  process.exit(1);
}
