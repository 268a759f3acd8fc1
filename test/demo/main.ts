/**
 * `npm start`: the whole chain on this machine, with throw-away certificates, shown step by step.
 *
 * Starts the built reverse-server and an http-proxy that follows it, puts sample alerts into the spool and waits
 * until they lie at the other end, byte for byte. Then stays up until Ctrl-C; with `--once` it ends by itself,
 * exit 0 when all arrived intact, 1 otherwise with the logs. Everything lives in .demo/PORT, which is removed
 * again; children are ended by their own pids.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { messageOf } from '../../src/core/errors.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { sampleAlert } from '../support/sample-alerts.ts';
import { projectRoot } from '../tools/source-files.ts';
import { type Child, runChild, startChild } from './child.ts';
import { peek } from './peek.ts';

const samples = 5;
const usualPort = 3128;
const patienceMs = 60_000;

const root = projectRoot();
const once = process.argv.includes('--once');
const children: Child[] = [];
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopped.abort());

process.once('exit', () => {
  for (const child of children) if (!child.ended()) child.kill();
});
// Nobody reads on (`| head`): end like on Ctrl-C.
process.stdout.on('error', () => stopped.abort());

const port = await choosePort();
// Relative to the root, in which the programs run: what is shown can be copied.
const dir = join('.demo', String(port));
process.chdir(root);
rmSync(dir, { recursive: true, force: true });
let failure: unknown;
try {
  await show();
  if (!once) await untilStopped();
} catch (error) {
  failure = error;
}
await Promise.all(children.map((child) => child.end()));
if (failure === undefined || (stopped.signal.aborted && !once)) {
  rmSync(dir, { recursive: true, force: true });
  say(once ? 'all samples arrived intact' : 'stopped, everything of the demonstration removed');
} else {
  say(`FAILED: ${messageOf(failure)}`);
  for (const child of children) say(`log of ${child.name}:\n${child.output()}`);
  process.exitCode = 1;
}

async function show(): Promise<void> {
  const path = (name: string): string => join(dir, name);
  for (const name of ['spool', 'sensor', 'manager', 'arrived', 'samples'])
    mkdirSync(path(name), { recursive: true });

  step('throw-away certificates: a CA, the sensor, the manager (DNS:manager1)');
  const pki = await makePki(path('pki'));

  step(`the sensor: reverse-server on port ${port}`);
  const tls = (name: 'server' | 'client'): Flags => ({
    cert: pki[name].certFile,
    key: pki[name].keyFile,
    cacert: pki.caFile,
  });
  const common: Flags = { 'min-free': '16M', verbose: true };
  const sensor = begin('reverse-server', {
    ...tls('server'),
    address: '127.0.0.1',
    port: String(port),
    spooldir: path('spool'),
    delete: true,
    state: path('sensor'),
    'allow-poller': 'DNS:manager1',
    ...common,
  });
  await sensor.line(/^Listening on /, patienceMs, stopped.signal);

  step(`${samples} sample alerts of an intrusion sensor: checked, then put into the spool`);
  const files = Array.from({ length: samples }, (_, index) =>
    join(path('samples'), `alert-${index + 1}.xml`),
  );
  for (const [index, file] of files.entries()) writeFileSync(file, sampleAlert(index + 1));
  await runChild(root, 'idmef', ['validate', '--validate', 'strict', ...files]);
  await runChild(root, 'idmef', ['submit', '--spooldir', path('spool'), ...files]);

  step('what waits on the sensor now: a look that consumes nothing (Prefer: peek)');
  await waitFor('the spool to be taken in', async () => {
    const { status, body } = await peek(port, pki);
    const waiting = status === 200 ? messagesOf(body).length : 0;
    if (waiting < samples) return false;
    say(`200, one document with ${waiting} alerts, ${body.length} bytes`);
    return true;
  });

  step('the manager: http-proxy follows the sensor and delivers into a directory');
  begin('http-proxy', {
    ...tls('client'),
    sensor: `https://localhost:${port}/`,
    manager: pathToFileURL(path('arrived')).href,
    follow: true,
    state: path('manager'),
    ...common,
  });
  const expected = files.flatMap((file) => messagesOf(readFileSync(file))).toSorted();
  await waitFor('the samples to arrive', () => {
    const arrived = arrivedIn(path('arrived')).toSorted();
    return arrived.length === samples && arrived.every((message, index) => message === expected[index]);
  });
  step(`${samples} alerts arrived, byte for byte as the sensor wrote them; the first of them:`);
  const [document] = readdirSync(path('arrived'));
  await runChild(root, 'idmef', ['show', join(path('arrived'), document ?? '')], /^$/);
  if (!once) invite(pki);
}

function invite(pki: Pki): void {
  const { client, caFile } = pki;
  const files = `--cert ${client.certFile} --key ${client.keyFile} --cacert ${caFile}`;
  step(`try it, in another terminal (cd ${root})`);
  say('look at what waits on the sensor, consuming nothing (404: nothing waits):');
  say(`  curl -s -S -i ${files} -H 'Prefer: peek' https://localhost:${port}/`);
  say('send an alert of your own and see it arrive:');
  say(`  node .build/src/bin/idmef.js test-alert --spooldir ${join(dir, 'spool')}`);
  say(`  ls ${join(dir, 'arrived')}`);
  say('Ctrl-C ends everything');
}

type Flags = Readonly<Record<string, string | true>>;

function begin(program: 'reverse-server' | 'http-proxy', flags: Flags): Child {
  const args = Object.entries(flags).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, value],
  );
  const child = startChild(root, program, args);
  children.push(child);
  return child;
}

function messagesOf(document: Uint8Array): string[] {
  const verdict = readDocument(document, 'strict');
  if (!verdict.readable) throw new Error(`not an IDMEF document: ${verdict.problem.text}`);
  return verdict.messages.map(({ bytes }) => Buffer.from(bytes).toString('utf8'));
}

function arrivedIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .flatMap((name) => messagesOf(readFileSync(join(folder, name))));
}

async function waitFor(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await done())) {
    if (stopped.signal.aborted) throw new Error('interrupted');
    const dead = children.find((child) => child.ended());
    if (dead !== undefined) throw new Error(`${dead.name} ended while waiting for ${what}`);
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs / 1000} s for ${what} in vain`);
    await delay(50);
  }
}

async function untilStopped(): Promise<void> {
  while (!stopped.signal.aborted) {
    const dead = children.find((child) => child.ended());
    if (dead !== undefined) throw new Error(`${dead.name} has ended`);
    await delay(200, undefined, { signal: stopped.signal }).catch(() => undefined);
  }
}

/** The usual port, or a free one, said aloud. */
async function choosePort(): Promise<number> {
  if (await isFree(usualPort)) return usualPort;
  const free = await new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
  say(`port ${usualPort} is in use on this machine, taking ${free}`);
  return free;
}

async function isFree(wanted: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(wanted, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function step(text: string): void {
  process.stdout.write(`\n── ${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`   ${text.replaceAll('\n', '\n   ')}\n`);
}
