/** The messageid of a message, from its start tag alone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { writtenMessageId } from '../../src/idmef/message-id.ts';

const table: readonly (readonly [message: string, expected: string | undefined])[] = [
  [
    '<idmef:Alert xmlns:idmef="http://iana.org/idmef" messageid="abc"><x messageid="y"/></idmef:Alert>',
    'abc',
  ],
  ["<Alert messageid = 'a\"b'/>", 'a"b'],
  ['<Heartbeat\n  messageid="h1"\n>', 'h1'],
  ['<Alert ident=">  messageid=\'no\' " messageid="yes">', 'yes'],
  ['<Alert xmlns="u"><Analyzer messageid="no"/></Alert>', undefined],
  ['<Alert messageid2="no">', undefined],
  ['<Alert/>', undefined],
  [`<Alert x="${'y'.repeat(3000)}" messageid="far">`, undefined],
  ['', undefined],
];

for (const [message, expected] of table) {
  test(`${message.slice(0, 60)} → ${expected ?? 'none'}`, () => {
    assert.equal(writtenMessageId(Buffer.from(message)), expected);
  });
}
