/**
 * config/dispatcher.yml and config/dispatcher-full.yml: an operator who copies the one and fills in names has a sound configuration; the
 * other says everything the schema knows, and nothing it does not.
 */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { checkConfiguration } from '../../src/app/dispatcher/check-configuration.ts';
import { isObject } from '../../src/core/json-object.ts';
import { parseYaml } from '../../src/config/yaml-text.ts';
import { endpointKeys, fileSchema, recipientKeys } from '../../src/dispatcher/config/file-schema.ts';
import { makePki } from '../support/pki.ts';
import { tempDir } from '../support/temp-dir.ts';
import { projectRoot } from '../tools/source-files.ts';

const examples = join(projectRoot(), 'config');
const SITE = '/etc/idmef-relay';
const textOf = (name: string): string => readFileSync(join(examples, name), 'utf8');

/** The commented settings in force too: `#modules_dir: …`, in the way of the other examples. */
const uncommented = (text: string): string => text.replaceAll(/^( *)#(?=[a-z_]+:)/gm, '$1');

/** Every key that the schema knows anywhere; those of endpoint types are their own. */
function keysOf(schema: unknown, found = new Set<string>(), seen = new Set<unknown>()): Set<string> {
  if (!isObject(schema) || seen.has(schema)) return found;
  seen.add(schema);
  const definition = isObject(schema['def']) ? schema['def'] : schema;
  for (const [name, inner] of Object.entries(definition)) {
    if (name === 'shape' && isObject(inner)) for (const key of Object.keys(inner)) found.add(key);
    if (['shape', 'options'].includes(name) && typeof inner === 'object' && inner !== null) {
      for (const one of Object.values(inner)) keysOf(one, found, seen);
    } else if (['innerType', 'valueType', 'element', 'in'].includes(name)) keysOf(inner, found, seen);
  }
  return found;
}

describe('config/', () => {
  test('dispatcher.yml: ten lines of settings, with Telegram, mail and a Prelude gateway', () => {
    const text = textOf('dispatcher.yml');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(lines.length, 10);
    for (const type of ['telegram', 'smtp', 'prelude-gateway'])
      assert.match(text, new RegExp(`type: ${type}`));
  });

  for (const name of ['dispatcher.yml', 'dispatcher-full.yml']) {
    test(`${name} passes check --without-files`, async () => {
      const { problems } = await checkConfiguration({ configFile: join(examples, name) }, true);
      assert.deepEqual(problems, []);
    });

    test(`${name} passes check where its files are`, async (t) => {
      const dir = tempDir(t);
      const pki = await makePki(join(dir, 'pki'));
      const secret = (file: string, text: string): void =>
        writeFileSync(join(dir, file), text, { mode: 0o600 });
      for (const [from, to] of [
        [pki.caFile, 'CA.crt'],
        [pki.caFile, 'desk-CA.crt'],
        [await pki.crl({ revoked: [] }), 'CA.crl'],
        [pki.server.certFile, 'own.crt'],
        [pki.server.keyFile, 'own.key'],
      ] as const)
        cpSync(from, join(dir, to));
      secret('telegram.token', '123456:ABC-def_ghiJKLmnoPQRstuVWXyz0123456\n');
      secret('mail.password', 'correct horse\n');
      secret('desk.secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n');
      const configFile = join(dir, name);
      secret(name, textOf(name).replaceAll(SITE, dir));
      const place = { configFile, credentialsDirectory: dir };
      assert.deepEqual((await checkConfiguration(place, false)).problems, []);
    });
  }

  test('dispatcher-full.yml: what is commented out is sound too', async (t) => {
    const dir = tempDir(t);
    writeFileSync(join(dir, 'soc.liquid'), '{{ alert.title }}', { mode: 0o600 });
    mkdirSync(join(dir, 'locales'));
    const text = uncommented(textOf('dispatcher-full.yml'));
    // Own modules are root's; a test is not always.
    const file = text.replace(/^modules_dir: .*$/m, '').replaceAll(SITE, dir);
    assert.notEqual(file, text);
    writeFileSync(join(dir, 'dispatcher.yml'), file, { mode: 0o600 });
    const { problems } = await checkConfiguration({ configFile: join(dir, 'dispatcher.yml') }, true);
    assert.deepEqual(problems, []);
  });

  test('dispatcher-full.yml says every key there is', () => {
    const text = uncommented(textOf('dispatcher-full.yml'));
    const keys = [...keysOf(fileSchema), ...Object.keys(endpointKeys), ...Object.keys(recipientKeys)];
    assert.ok(keys.includes('group_wait') && keys.includes('keyed_only') && keys.includes('escalate'));
    // One of a pair that excludes the other stands for both.
    const either = new Set(['count']);
    const missing = keys.filter((key) => !either.has(key) && !new RegExp(`\\b${key}:`).test(text));
    assert.deepEqual(missing, []);
    assert.ok(parseYaml(text, 'dispatcher-full.yml').ok);
  });
});
