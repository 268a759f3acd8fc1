/**
 * Commands through the service's socket and on the store itself: the same words, the same JSON, line for line. What is shown parses, and a
 * hostile alert cannot write to the terminal.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { isObject, jsonObject } from '../../../src/core/json-object.ts';
import { document, startWorld, type World } from '../../app/dispatcher/world.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { run, type Ran } from './run-verb.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

/** Moves with time, or is of the running service alone. */
const moving = new Set(['service', 'at', 'lastUsedAt', 'bytes', 'listeners', 'underWay']);

function still(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(still);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !moving.has(key))
      .map(([key, inner]) => [key, still(inner)]),
  );
}

const HOSTILE = 'red \u001b[31m &amp; \u202egnp.exe';

describe('commands', () => {
  test('say the same through the socket and on the store alone', async (t) => {
    const world: World = await startWorld(t, { pki });
    const file = join(world.dir, 'alert.xml');
    writeFileSync(file, document('Port scan'));
    const place = ['--state', join(world.dir, 'state'), '--config', world.configFile];
    const say = async (line: string): Promise<Ran> => await run(...line.split(' '), ...place);

    const made: readonly (readonly [line: string, code: number, says: RegExp])[] = [
      ['users add ana --no-password', 0, /^$/],
      ['users set ana --role admin', 0, /^$/],
      ['keys add ana --scope read --channel siem --expires 30d', 0, /^irk_\S{43}\n$/],
      ['endpoints add out type=webhook url=http://192.0.2.1/ secret=abcdefgh', 0, /^$/],
      ['recipients add far endpoint=out priority=3', 0, /^$/],
      ['recipients hold far --reason maintenance', 0, /^$/],
      ['silence add heartbeat --reason works --for 2h', 0, /^silence 1 until \d{4}-/],
      ['recipients test siem', 0, /^siem: ok\n$/],
      ['endpoints add near type=webhook url=http://127.0.0.1:9/', 0, /^$/],
      ['recipients add near endpoint=near', 0, /^$/],
      ['recipients test near', 75, /^near: broken: http:\S+:9 may not be dialled: .*; .*outbound_allow\n$/],
    ];
    for (const [line, code, says] of made) {
      const ran = await say(line);
      assert.equal(ran.error, undefined, line);
      assert.equal(ran.code, code, line);
      assert.match(ran.stdout, says, line);
    }
    await world.alert(HOSTILE.replaceAll('\u001B', ''));
    await world.alert('Port scan', 'low');
    for (const name of ['archive', 'siem', 'soc']) await world.service.sent(name, 2);
    assert.match((await say('incidents ack 1 --note mine')).stdout, /^incident 1 is acked: 1 message:/);

    const lines = [
      'status',
      'users list',
      'keys list',
      'endpoints list',
      'recipients list',
      'sources list',
      'silence list --all',
      'incidents list',
      'incidents show 1',
      'messages search',
      'messages search alert.assessment.impact.severity>=high',
      'messages show 1',
      'why 1',
      'why incident:1 --recipient soc',
      'dead list',
      'audit list',
      'audit verify',
      'export',
      `route explain ${file}`,
      `render siem ${file}`,
    ];
    const ask = async (): Promise<
      ReadonlyMap<string, { readonly text: Ran; readonly json: readonly unknown[] }>
    > => {
      const answers = new Map<string, { text: Ran; json: unknown[] }>();
      for (const line of lines) {
        const text = await say(line);
        const json = await say(`${line} --json`);
        assert.equal(json.code, text.code, line);
        assert.equal(text.error, undefined, line);
        const values = json.stdout
          .split('\n')
          .filter((one) => one !== '')
          .map((one) => jsonObject(one) ?? assert.fail(`${line}: ${one}`));
        answers.set(line, { text, json: values.map(still) });
      }
      return answers;
    };
    const served = await ask();
    await world.service.close();
    const alone = await ask();
    for (const line of lines) {
      assert.deepEqual(alone.get(line)?.json, served.get(line)?.json, line);
      if (line !== 'status' && line !== 'sources list' && line !== 'keys list') {
        assert.equal(alone.get(line)?.text.stdout, served.get(line)?.text.stdout, line);
      }
      // What a document is printed as is for a file.
      if (line === 'messages show 1') continue;
      // oxlint-disable-next-line no-control-regex -- that there is none is the point
      assert.doesNotMatch(served.get(line)?.text.stdout ?? '', /[\u0000-\u0009\u000b-\u001f\u202e]/, line);
    }
    assert.match(served.get('status')?.text.stdout ?? '', /^running since .*\n.*far +HELD/s);
    assert.equal(served.get('status')?.text.code, 1, 'what is held needs a person');
    assert.match(alone.get('status')?.text.stdout ?? '', /^not running; this is the store as it was left\n/);
    for (const [line, code] of [
      ['recipients test siem', 75],
      ['reload', 75],
      ['keys rotate 9', 76],
      ['users add ana --no-password', 65],
      ['why 99', 76],
      ['incidents ack 99', 76],
      ['recipients disable soc', 76],
      ['render nobody ' + file, 76],
      ['apply /nonexistent', 66],
    ] as const) {
      const ran = await say(line);
      assert.equal(ran.code, code, `${line}: ${ran.error?.message}`);
    }
  });
});
