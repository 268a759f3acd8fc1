/** `check` finds what the start and a reload would refuse. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { checkConfiguration, type CheckReport } from '../../../src/app/dispatcher/check-configuration.ts';
import { tempDir } from '../../support/temp-dir.ts';

const base = {
  endpoints: { siem: { type: 'webhook', url: 'https://siem.example.org/' } },
  recipients: { siem: { endpoint: 'siem' } },
  route: { to: ['siem'] },
};

async function check(dir: string, config: object): Promise<CheckReport> {
  const configFile = join(dir, 'dispatcher.yml');
  writeFileSync(configFile, JSON.stringify(config, null, 2), { mode: 0o640 });
  return await checkConfiguration({ configFile }, false);
}

describe('what a start would refuse', () => {
  const cases: readonly (readonly [what: string, config: (dir: string) => object, expected: RegExp])[] = [
    [
      'a path of group_by that is a class',
      () => ({ ...base, route: { to: ['siem'], group_by: ['alert.source'] } }),
      /:\d+: route\.group_by: 'alert\.source': "alert\.source" is a class: name a value of it$/,
    ],
    [
      'a table of ntopng’s names that is none',
      () => ({
        ...base,
        sources: {
          https: { listen: '127.0.0.1:0', cert: '/c', key: '/k', ca: '/a' },
          ntopng: { names: { colours: { '1': 'red' } } },
        },
      }),
      /:\d+: sources\.ntopng\.names\.colours: is no table: there are types, flows, hosts/,
    ],
    [
      'a language that is broken',
      (dir) => {
        mkdirSync(join(dir, 'locales'));
        writeFileSync(join(dir, 'locales', 'bot.fr.yml'), 'fr: [1\n');
        return { ...base, locales_dir: join(dir, 'locales') };
      },
      /bot\.fr\.yml:\d+:\d+: /,
    ],
  ];
  for (const [what, config, expected] of cases) {
    test(what, async (t) => {
      const dir = tempDir(t);
      const { problems } = await check(dir, config(dir));
      assert.match(problems.join('\n'), expected);
    });
  }

  test('a language nobody knows is a note', async (t) => {
    const dir = tempDir(t);
    const recipients = {
      siem: { endpoint: 'siem', locale: 'fr' },
      es: { endpoint: 'siem', locale: 'es-MX' },
    };
    const { problems, notes } = await check(dir, { ...base, recipients });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      notes.filter((note) => note.includes('words')),
      ['recipients.siem: there are no words of fr: it is told in en'],
    );
  });

  test('a file of dispatcher.d that would not be read', async (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, 'dispatcher.d'));
    writeFileSync(join(dir, 'dispatcher.d', 'soc.yaml'), 'recipients: {}\n');
    await assert.rejects(check(dir, base), { code: 'CONFIG', message: /soc\.yaml would not be read/ });
  });
});
