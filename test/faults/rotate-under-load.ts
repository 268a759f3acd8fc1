/**
 * The second half of R14: certificate, key and revocation list of the sensor, and those of a follower, are exchanged again and again
 * while alerts flow; beside the follower somebody polls over a fresh handshake each time. No poll may fail, no alert may be lost.
 */

import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

import { freePort } from '../support/free-port.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { startProgram, type Program } from '../support/program.ts';
import { alertDocument, putInSpool } from '../support/spool-writer.ts';
import { messageids } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';
import { copyTo } from './certificate-files.ts';
import type { FaultContext, FaultResult } from './scenario.ts';

interface Side {
  readonly program: Program;
  readonly cert: string;
  readonly key: string;
  readonly crl: string;
  /** Takes turns between these. */
  readonly pairs: readonly [Issued, Issued];
}

interface Polls {
  answered: number;
  readonly failed: string[];
}

export async function rotateUnderLoad(
  context: FaultContext,
  rotations: number,
): Promise<{ readonly result: FaultResult }> {
  const place = join(context.directory, 'rotations');
  for (const name of ['spool', 'sensor', 'manager', 'out']) mkdirSync(join(place, name), { recursive: true });
  const pki = await makePki(join(place, 'pki'));
  const lists = [await pki.crl({ revoked: [] }), await pki.crl({ revoked: ['0A'] })];
  const port = await freePort();
  const files = (name: string, pair: Issued): Omit<Side, 'program' | 'pairs'> => ({
    cert: copyTo(join(place, `${name}.crt`), pair.certFile),
    key: copyTo(join(place, `${name}.key`), pair.keyFile),
    crl: copyTo(join(place, `${name}.crl`), lists[0] ?? ''),
  });
  const flags = ({ cert, key, crl }: Omit<Side, 'program' | 'pairs'>): string[] => [
    '--cert',
    cert,
    '--key',
    key,
    '--crl',
    crl,
    '--cacert',
    pki.caFile,
    '--min-free',
    '1M',
  ];
  const server2 = await pki.issue({
    name: 'server2',
    cn: 'localhost',
    san: ['DNS:localhost'],
    eku: ['server'],
  });
  const client2 = await pki.issue({
    name: 'client2',
    cn: 'manager1',
    san: ['DNS:manager1'],
    eku: ['client'],
  });
  const ours = files('sensor', pki.server);
  const theirs = files('poller', pki.client);
  const where = [
    '--port',
    String(port),
    '--address',
    '127.0.0.1',
    '--spooldir',
    join(place, 'spool'),
    '--delete',
  ];
  const sensor = startProgram('reverse-server', [...flags(ours), ...where, '--state', join(place, 'sensor')]);
  await sensor.line(/^Listening on/);
  const ends = ['--sensor', `https://localhost:${port}/`, '--manager', `file://${join(place, 'out')}`];
  const poller = startProgram('http-proxy', [
    ...flags(theirs),
    ...ends,
    '--state',
    join(place, 'manager'),
    '--follow',
  ]);
  const sides: readonly Side[] = [
    { ...ours, program: sensor, pairs: [pki.server, server2] },
    { ...theirs, program: poller, pairs: [pki.client, client2] },
  ];

  const polls: Polls = { answered: 0, failed: [] };
  const stop = new AbortController();
  const loops = [pollFresh(port, pki, polls, stop.signal), pollFresh(port, pki, polls, stop.signal)];
  const began = performance.now();
  const arrived = (): string[] => delivered(join(place, 'out'));
  try {
    putInSpool(join(place, 'spool'), 'alert-0', alertDocument('alert-0'));
    await until(() => arrived().length > 0, { timeoutMs: 20_000, what: 'the first alert' });
    for (let turn = 1; turn <= rotations; turn += 1) {
      putInSpool(join(place, 'spool'), `alert-${turn}`, alertDocument(`alert-${turn}`));
      for (const side of sides) await exchange(side, turn, lists);
      await until(() => turnsOf(sensor) >= turn && turnsOf(poller) >= turn, {
        timeoutMs: 15_000,
        what: `rotation ${turn}`,
      });
    }
    const alerts = rotations + 1;
    await until(() => new Set(arrived()).size >= alerts, { timeoutMs: 30_000, what: 'every alert' }).catch(
      () => undefined,
    );
    stop.abort();
    await Promise.all(loops);
    const ids = arrived();
    const faults = /failed|cannot|refused|cut/i;
    const said = [...sensor.stderr().split('\n'), ...poller.stderr().split('\n')].filter((line) =>
      faults.test(line),
    );
    const seconds = (performance.now() - began) / 1000;
    context.say(
      `${rotations} rotations of both sides in ${seconds.toFixed(0)} s, ${polls.answered} fresh polls`,
    );
    return {
      result: {
        runs: 1,
        faults: 2 * rotations,
        obligations: alerts,
        lost: alerts - new Set(ids).size,
        unexpected: 0,
        altered: 0,
        duplicates: ids.length - new Set(ids).size,
        failures: [...polls.failed.slice(0, 5), ...said.slice(0, 5)],
        figures: [
          `${2 * rotations} rotations`,
          `${polls.failed.length}/${polls.answered + polls.failed.length} polls failed`,
        ],
      },
    };
  } finally {
    stop.abort();
    await Promise.all([poller.kill('SIGTERM'), sensor.kill('SIGTERM')]);
  }
}

/** In the order of careful administrators: each file whole, then SIGHUP. */
async function exchange(
  { program, cert, key, crl, pairs }: Side,
  turn: number,
  lists: readonly string[],
): Promise<void> {
  const pair = pairs[turn % 2] ?? pairs[0];
  replace(cert, pair.certFile);
  replace(key, pair.keyFile);
  replace(crl, lists[turn % 2] ?? '');
  process.kill(program.pid, 'SIGHUP');
  return Promise.resolve();
}

function replace(path: string, from: string): void {
  renameSync(copyTo(`${path}.new`, from), path);
}

function turnsOf(program: Program): number {
  return program.stderr().match(/TLS files read again: certificate/g)?.length ?? 0;
}

async function pollFresh(port: number, pki: Pki, polls: Polls, signal: AbortSignal): Promise<void> {
  const { certPem: cert, keyPem: key } = pki.client;
  while (!signal.aborted) {
    const fault = await new Promise<string>((resolve) => {
      const options = {
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        cert,
        key,
        ca: pki.caPem,
        agent: false,
      };
      request({ ...options, headers: { Prefer: 'peek' } }, (answer) => {
        const status = answer.statusCode ?? 0;
        answer.on('end', () => resolve(status === 200 || status === 404 ? '' : `status ${status}`));
        answer.on('error', (error) => resolve(`answer: ${error.message}`)).resume();
      })
        .on('error', (error) => resolve(`poll: ${error.message}`))
        .end();
    });
    if (fault === '') polls.answered += 1;
    else polls.failed.push(fault);
  }
}

function delivered(out: string): string[] {
  return readdirSync(out)
    .filter((name) => name.endsWith('.xml'))
    .flatMap((name) => messageids(readFileSync(join(out, name))));
}
