/** Taking over an AlertGateway: its database as its own code makes it, and channel files in both spellings of their section. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { readAlertGateway } from '../../../src/app/dispatcher/read-alertgateway.ts';
import { readChannelFile } from '../../../src/dispatcher/import/channel-file.ts';
import { planImport } from '../../../src/dispatcher/import/plan-import.ts';
import { openConnection } from '../../../src/journal/driver.ts';
import { alertGatewaySchema } from '../../support/alertgateway-schema.ts';
import { tempDir } from '../../support/temp-dir.ts';

const key = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';

function database(path: string): void {
  const db = openConnection(path, {});
  db.exec(alertGatewaySchema);
  const user = db.prepare('INSERT INTO users(user_name, user_pass, user_key) VALUES(?, ?, ?)');
  user.run('ana', '$2b$12$abcdefghijklmnopqrstuuMRlBvDKJpJ1xoX7Yp6r9KxPN0a1b2c3', key);
  const channel = db.prepare(
    'INSERT INTO channels(channel_name, channel_type, channel_enable, channel_key, channel_parameters) VALUES(?, ?, ?, ?, ?)',
  );
  channel.run('soc', 'telegram', 1, key, "{'bot-key': '1:abc', 'chat-id': '-100,-200'}");
  channel.run(
    'mail',
    'smtp',
    'False',
    key,
    `{"emails": "a@example.org", "server": "mx.example.org", "port": "25", "from": "gw@example.org", "auth": "no"}`,
  );
  channel.run('quote', 'slack', 1, key, `{'webhook': "https://hooks.example.org/o'neil"}`);
  channel.run('log', 'file', 1, key, "{'file': '/var/log/alerts.txt'}");
  channel.run('own', 'pigeon', 1, key, '{}');
  channel.run('broken', 'slack', 1, key, "{'webhook': ");
  channel.run('orphan', 'slack', 1, 'nobody', "{'webhook': 'https://hooks.example.org/x'}");
  db.prepare(
    'INSERT INTO input_channels(input_channel_name, input_channel_location, input_channel_address, input_channel_port, input_channel_status, input_channel_key) VALUES(?, ?, ?, ?, ?, ?)',
  ).run('REST', 'input_channels/REST', '0.0.0.0', 4848, 1, key);
  db.close();
}

describe('alertgw.db', () => {
  test('users with hashed keys, channels with their parameters, and a reason for all that is left out', (t) => {
    const path = join(tempDir(t), 'alertgw.db');
    database(path);
    const plan = planImport(readAlertGateway(path), new Set(['file', 'exec']));
    assert.deepEqual(plan.users, [
      {
        name: 'ana',
        passwordHash: '$2b$12$abcdefghijklmnopqrstuuMRlBvDKJpJ1xoX7Yp6r9KxPN0a1b2c3',
        keyHash: createHash('sha256').update(key).digest('hex'),
        keyPrefix: '0f1e2d3c',
      },
    ]);
    assert.equal(plan.endpoints['soc']?.['type'], 'telegram');
    assert.equal(plan.endpoints['soc']['token'], '1:abc');
    assert.equal(plan.recipients['soc']?.['owner'], 'ana');
    assert.equal(plan.recipients['soc']['chat'], '-100,-200');
    assert.equal(plan.recipients['soc']['enabled'], undefined);
    assert.equal(
      plan.recipients['mail']?.['enabled'],
      false,
      'G-AG: a disabled channel stays disabled, though it says False in a text',
    );
    assert.equal(
      plan.recipients['quote']?.['webhook'],
      "https://hooks.example.org/o'neil",
      'G-AG: an apostrophe breaks nothing',
    );
    assert.equal(plan.recipients['log'], undefined);
    assert.ok(plan.forFile.recipients['log'] !== undefined, 'file endpoints belong into the file');
    const notes = plan.notes.join('\n');
    assert.match(notes, /channel 'own' is left out: type 'pigeon' is a module/);
    assert.match(notes, /channel 'broken' is left out: its parameters are no dictionary/);
    assert.match(notes, /channel 'orphan' is left out: its owner is not among the users/);
    assert.match(notes, /input REST was on 0\.0\.0\.0 port 4848/);
    assert.doesNotMatch(notes, new RegExp(`${key}|1:abc`), 'no secret');
  });

  test('another database is refused', (t) => {
    const path = join(tempDir(t), 'x.db');
    const db = openConnection(path, {});
    db.exec('CREATE TABLE x(y)');
    db.close();
    assert.throws(() => readAlertGateway(path), {
      code: 'INVALID_INPUT',
      message: /is no database of an AlertGateway/,
    });
  });
});

describe('channel files', () => {
  const forms: readonly (readonly [string, string])[] = [
    [
      'named after the type, as the code read it',
      '[channel]\nname=soc\nuser=ana\ntype=telegram\n[telegram]\nbot-key = 1:abc\nchat-id=5\n',
    ],
    [
      'named after the channel, as the README said',
      '[channel]\nname = soc\nuser = ana\ntype = telegram\n\n[SOC]\nbot-key: 1:abc\nchat-id: 5\n',
    ],
  ];
  for (const [title, text] of forms) {
    test(title, () => {
      assert.deepEqual(readChannelFile(text), {
        ok: true,
        channel: {
          name: 'soc',
          user: 'ana',
          type: 'telegram',
          params: { 'bot-key': '1:abc', 'chat-id': '5' },
        },
      });
    });
  }

  const faults: readonly (readonly [string, string, RegExp])[] = [
    ['no section', 'name=soc\n', /a section such as \[channel\] must come first/],
    ['no type', '[channel]\nname=soc\nuser=ana\n', /has no type/],
    [
      'no parameters',
      '[channel]\nname=soc\nuser=ana\ntype=slack\n',
      /there is no section \[slack\] or \[soc\]/,
    ],
    ['a line that is none', '[channel]\nname\n', /NAME = VALUE is expected/],
  ];
  for (const [title, text, expected] of faults) {
    test(title, () => {
      const read = readChannelFile(text);
      assert.ok(!read.ok);
      assert.match(read.text, expected);
    });
  }

  test('of both spellings the one that its code read counts', () => {
    const read = readChannelFile(`${forms[0]?.[1] ?? ''}[soc]\nbot-key = other\n`);
    assert.equal(read.ok && read.channel.params['bot-key'], '1:abc');
    const upside = '[channel]\nname=soc\nuser=ana\ntype=slack\n[soc]\nwebhook=a\n[slack]\nwebhook=b\n';
    const other = readChannelFile(upside);
    assert.equal(other.ok && other.channel.params['webhook'], 'b');
  });

  test('the file is told from the database by its first bytes', (t) => {
    const path = join(tempDir(t), 'soc.conf');
    writeFileSync(path, forms[0]?.[1] ?? '');
    const plan = planImport(readAlertGateway(path), new Set());
    assert.equal(plan.endpoints['soc']?.['token'], '1:abc');
    assert.deepEqual(plan.users, [{ name: 'ana' }]);
  });
});
