/** Reads what an AlertGateway has: its SQLite database, read-only, or one channel file. Told apart by the first bytes. */

import { readFileSync } from 'node:fs';

import { messageOf, RelayError, systemCode } from '../../core/errors.ts';
import { readChannelFile } from '../../dispatcher/import/channel-file.ts';
import { contentOfChannelFile, type GatewayContent } from '../../dispatcher/import/plan-import.ts';
import { Database } from '../../journal/database.ts';
import { openAttached } from '../../journal/driver.ts';

const SQLITE = 'SQLite format 3\0';

/** Throws RelayError NO_INPUT, INVALID_INPUT. */
export function readAlertGateway(path: string): GatewayContent {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new RelayError('NO_INPUT', `${path} cannot be read: ${systemCode(error) || messageOf(error)}`, {
      cause: error,
    });
  }
  if (bytes.subarray(0, SQLITE.length).toString('latin1') === SQLITE) return readDatabase(path);
  const read = readChannelFile(bytes.toString('utf8'));
  if (read.ok) return contentOfChannelFile(read.channel);
  throw new RelayError('INVALID_INPUT', `${path}:${read.line}: ${read.text}`, {
    hint: 'an AlertGateway database (alertgw.db) or a channel file is wanted',
  });
}

interface UserRow {
  readonly user_name: unknown;
  readonly user_pass: unknown;
  readonly user_key: unknown;
}

interface ChannelRow {
  readonly channel_name: unknown;
  readonly channel_type: unknown;
  readonly channel_enable: unknown;
  readonly channel_key: unknown;
  readonly channel_parameters: unknown;
}

interface InputRow {
  readonly input_channel_name: unknown;
  readonly input_channel_address: unknown;
  readonly input_channel_port: unknown;
}

function readDatabase(path: string): GatewayContent {
  try {
    const db = new Database(path, openAttached(path, { readOnly: true }));
    try {
      return {
        users: db.all<UserRow>('SELECT user_name, user_pass, user_key FROM users ORDER BY id').map((row) => ({
          name: textOf(row.user_name),
          passwordHash: textOf(row.user_pass),
          key: textOf(row.user_key),
        })),
        channels: db
          .all<ChannelRow>(
            'SELECT channel_name, channel_type, channel_enable, channel_key, channel_parameters FROM channels ORDER BY channel_id',
          )
          .map((row) => ({
            name: textOf(row.channel_name),
            type: textOf(row.channel_type),
            enabled: isOn(row.channel_enable),
            key: textOf(row.channel_key),
            params: textOf(row.channel_parameters),
          })),
        inputs: db
          .all<InputRow>(
            'SELECT input_channel_name, input_channel_address, input_channel_port FROM input_channels',
          )
          .map((row) => ({
            name: textOf(row.input_channel_name),
            address: textOf(row.input_channel_address),
            port: Number(row.input_channel_port),
          })),
      };
    } finally {
      db.close();
    }
  } catch (error) {
    throw new RelayError('INVALID_INPUT', `${path} is no database of an AlertGateway: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** Its web pages wrote texts where the column wants a number, and then compared a boolean with a text. */
function isOn(value: unknown): boolean {
  return !(value === 0 || value === null || /^(?:false|0|disabled|)$/i.test(textOf(value)));
}
