/**
 * First step of `npm start`, `npm test` and `npm run ok`: installs what is missing and compiles what changed.
 *
 * Plain JavaScript without packages, because in a fresh clone there are none; our own pre/post scripts would
 * not run (`ignore-scripts=true`). Works without network when there is nothing to install. Outputs whose
 * source is gone are removed, so that no stale test runs. Prints one line for each thing it does.
 */

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const needed = [20, 19];

checkNode();
install();
build();

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > needed[0] || (major === needed[0] && minor >= needed[1])) return;
  fail(
    `Node ${process.versions.node} (${process.execPath}) is too old, ${needed.join('.')} or newer is needed`,
  );
}

/**
 * `npm ci` first. It gives up where the registry does not carry other platforms' optional packages; `npm install
 * --no-save` does not mind, keeps to the versions of the lockfile too, and leaves the lockfile alone.
 */
function install() {
  if (installed()) return;
  say('npm ci: installing the packages named in package-lock.json');
  const complaints = [];
  for (const command of [['ci'], ['install', '--no-save']]) {
    const { error, status, signal, stdout, stderr } = npm(
      ...command,
      '--include=dev',
      '--no-audit',
      '--no-fund',
    );
    if (error) fail(`npm cannot be run: ${error.message}`);
    if (status === 0 && installed()) return;
    complaints.push(`npm ${command.join(' ')} ended with ${status ?? signal}:\n${stdout}${stderr}`);
  }
  fail(`the packages cannot be installed\n${complaints.join('\n')}`);
}

/** The npm that runs us, or the one in PATH. */
function npm(...args) {
  const path = process.env.npm_execpath;
  const [command, ...first] = path?.endsWith('js') ? [process.execPath, path] : [path ?? 'npm'];
  return spawnSync(command, [...first, ...args, '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Whether node_modules holds what the lockfile says; packages for other platforms may be missing. */
function installed() {
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const present = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(([path, { version, optional }]) => {
      if (path === '') return true;
      const found = present[path];
      if (found === undefined) return optional === true;
      return found.version === version && (optional === true || existsSync(join(root, path, 'package.json')));
    });
  } catch {
    return false;
  }
}

function build() {
  const out = join(root, '.build');
  const stamp = join(out, '.prepared');
  const sources = ['src', 'test'].flatMap((folder) => [...walk(join(root, folder))]);
  const inputs = [...sources, join(root, 'tsconfig.json'), join(root, 'package-lock.json')];
  const list = sources.map((file) => relative(root, file)).join('\n');
  const newest = Math.max(...inputs.map((file) => statSync(file).mtimeMs));
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newest && readFileSync(stamp, 'utf8') === list) return;

  const started = Date.now();
  rmSync(stamp, { force: true });
  dropStale(out);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', root], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail('the sources do not compile; the lines above say why');
  mkdirSync(out, { recursive: true });
  writeFileSync(stamp, list);
  utimesSync(stamp, new Date(), new Date(Math.max(newest, started)));
  say(`compiled in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** Compiled files whose source is gone; without tsc's memory, so that it writes what is missing. */
function dropStale(out) {
  for (const file of walk(out, '.js')) {
    const source = join(root, relative(out, file)).replace(/\.js$/, '.ts');
    if (!existsSync(source)) rmSync(file);
  }
  if (!existsSync(join(out, 'src'))) rmSync(join(out, 'tsbuildinfo'), { force: true });
}

function* walk(folder, suffix = '.ts') {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path, suffix);
    else if (entry.name.endsWith(suffix)) yield path;
  }
}

function say(text) {
  process.stderr.write(`prepare: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`prepare: error: ${text}\n`);
  process.exit(1);
}
