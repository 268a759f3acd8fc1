/** The poll that finds nothing happens 1,440 times a day and profile: it must not load what it does not use. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { makePki } from '../support/pki.ts';
import { binPath, startNode } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startTestSensor } from '../support/test-sensor.ts';

/** Prints `loaded URL` for each module; `require` of node_modules shows by their entry, which is an import. */
const hook = `export async function load(url, context, next) { process._rawDebug('loaded ' + url); return next(url, context); }`;
const register = `import { register } from 'node:module'; register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))});`;

test('an empty poll loads neither undici, pino, prom-client, croner, the XML packages nor the reader', async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const sensor = await startTestSensor(t, {
    pki,
    consuming: true,
    deps: { status: () => ({ stuck: 0, corrupt: 0, waiting: 0 }) },
  });
  const { certFile, keyFile } = pki.client;
  const args = [`--cert=${certFile}`, `--key=${keyFile}`, `--cacert=${pki.caFile}`, '--min-free=1M'];
  const poll = startNode(
    [
      binPath('http-proxy'),
      ...args,
      `--sensor=https://localhost:${sensor.port}/`,
      `--manager=https://localhost:1/`,
      `--state=${join(dir, 'state')}`,
    ],
    { nodeFlags: ['--import', `data:text/javascript,${encodeURIComponent(register)}`] },
  );
  assert.deepEqual(await poll.exited, { code: 0, signal: null }, poll.stderr());
  const loaded = [...poll.stderr().matchAll(/^loaded (.*)$/gm)].map((match) => match[1] ?? '');
  assert.ok(
    loaded.some((url) => url.endsWith('/src/poller/profile-run.js')),
    'the hook sees what is loaded',
  );
  const unwanted = loaded.filter((url) =>
    /node_modules\/(undici|pino|prom-client|croner|fast-xml-parser|xmlbuilder2|yargs\/)|src\/(idmef\/(read-document|prelude)|destinations\/(gateway|prelude\/(?!prelude-url))|poller\/(follow|old-server|take-batch|watch|keep-lease|metrics|profile-facts|run-facts|run-words)|app\/metrics-files)/.test(
      url,
    ),
  );
  assert.deepEqual(unwanted, []);
});
