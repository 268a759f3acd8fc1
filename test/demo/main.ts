/**
 * `npm start`: the whole chain on this machine, with throw-away certificates, shown step by step.
 *
 * Starts the built reverse-server, an alert-dispatcher and an http-proxy that carries from the one to the other, puts sample alerts into
 * the spool and waits until they lie in the dispatcher's file recipient, byte for byte, and were told on the terminal. Then stays up
 * until Ctrl-C; with `--once` it ends by itself, exit 0 when all arrived and were told, 1 otherwise with the logs. Everything
 * lives in .demo/PORT, which is removed again; children are ended by their own pids.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { messageOf } from '../../src/core/errors.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { sampleAlert } from '../support/sample-alerts.ts';
import { projectRoot } from '../tools/source-files.ts';
import { type Child, type Command, runChild, startChild } from './child.ts';
import { arrivedIn, configText, documentsIn, isTold, messagesOf } from './dispatcher.ts';
import { peek } from './peek.ts';
import { choosePort } from './port.ts';

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

const port = await choosePort(usualPort, say);
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
  say(once ? 'all samples arrived intact and were told' : 'stopped, everything of the demonstration removed');
} else {
  say(`FAILED: ${messageOf(failure)}`);
  for (const child of children) say(`log of ${child.name}:\n${child.output()}`);
  process.exitCode = 1;
}

async function show(): Promise<void> {
  const path = (name: string): string => join(dir, name);
  for (const name of ['spool', 'sensor', 'manager', 'dispatcher', 'arrived', 'samples'])
    mkdirSync(path(name), { recursive: true });

  step('throw-away certificates: a CA, the sensor, the manager (DNS:manager1), the dispatcher');
  const pki = await makePki(path('pki'));
  const issued = await pki.issue({ name: 'dispatcher', san: ['DNS:localhost'], eku: ['server'] });

  const config = path('dispatcher.yml');
  writeFileSync(config, configText(path('arrived'), pki, issued), { mode: 0o600 });
  step(`the dispatcher: whom to tell, and who may send; ${config}:`);
  say(readFileSync(config, 'utf8').trimEnd());
  await runChild(root, 'alert-dispatcher', ['check', '--config', config, '--state', path('dispatcher')]);
  const common: Flags = { 'min-free': '16M', verbose: true };
  const dispatcher = begin('alert-dispatcher', { config, state: path('dispatcher'), ...common }, 'serve');
  await dispatcher.line(/^Listening: https /, patienceMs, stopped.signal);
  const dispatcherPort = /^Listening: https on \S+ port (\d+)$/m.exec(dispatcher.output())?.[1];

  step(`the sensor: reverse-server on port ${port}`);
  const tls = (name: 'server' | 'client'): Flags => ({
    cert: pki[name].certFile,
    key: pki[name].keyFile,
    cacert: pki.caFile,
  });
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

  step('the manager: http-proxy follows the sensor and delivers to the dispatcher, which tells the terminal');
  begin('http-proxy', {
    ...tls('client'),
    sensor: `https://localhost:${port}/`,
    manager: `https://localhost:${dispatcherPort}/`,
    follow: true,
    state: path('manager'),
    ...common,
  });
  const expected = files.flatMap((file) => messagesOf(readFileSync(file))).toSorted();
  await waitFor('the samples to arrive in the file recipient', () => {
    const arrived = arrivedIn(path('arrived')).toSorted();
    return arrived.length === samples && arrived.every((message, index) => message === expected[index]);
  });
  await waitFor('the samples to be told on the terminal', () =>
    expected.every((message) => isTold(message, dispatcher.output())),
  );
  step(
    `${samples} alerts arrived, byte for byte as the sensor wrote them, and were told; the first of them:`,
  );
  await runChild(root, 'idmef', ['show', documentsIn(path('arrived'))[0] ?? ''], /^$/);
  step('what became of it, and how the dispatcher is');
  await runChild(root, 'alert-dispatcher', ['why', '1', '--state', path('dispatcher')]);
  await runChild(root, 'alert-dispatcher', ['status', '--state', path('dispatcher')]);
  if (!once) invite(pki);
}

function invite({ client, caFile }: Pki): void {
  const files = `--cert ${client.certFile} --key ${client.keyFile} --cacert ${caFile}`;
  const idmef = 'node .build/src/bin/idmef.js';
  const dispatcher = 'node .build/src/bin/alert-dispatcher.js';
  const state = `--state ${join(dir, 'dispatcher')}`;
  step(`try it, in another terminal (cd ${root})`);
  say('send an alert of your own and see it told here:');
  say(`  ${idmef} test-alert --spooldir ${join(dir, 'spool')}`);
  say(`  ls ${join(dir, 'arrived')}`);
  say(
    'ask the dispatcher: how it is, what became of message 6, what is open; then hide a class of alerts from people for an hour:',
  );
  say(`  ${dispatcher} status ${state}`);
  say(`  ${dispatcher} why 6 ${state}`);
  say(`  ${dispatcher} incidents list ${state}`);
  say(`  ${dispatcher} silence add 'alert.classification.text ~ SSH' --reason 'known' --for 1h ${state}`);
  say('look at what waits on the sensor, consuming nothing (404: nothing waits):');
  say(`  curl -s -S -i ${files} -H 'Prefer: peek' https://localhost:${port}/`);
  say('Ctrl-C ends everything');
}

type Flags = Readonly<Record<string, string | true>>;

function begin(program: Command, flags: Flags, ...verb: string[]): Child {
  const args = Object.entries(flags).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, value],
  );
  const child = startChild(root, program, [...verb, ...args]);
  children.push(child);
  return child;
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

function step(text: string): void {
  process.stdout.write(`\n── ${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`   ${text.replaceAll('\n', '\n   ')}\n`);
}
