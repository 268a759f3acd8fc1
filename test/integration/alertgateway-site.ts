/**
 * An AlertGateway as a site has it (database and channel files, several users, a channel of every type), and our dispatcher beside it as
 * the built program, configured as the migration goes: what dispatcher-alertgateway.test.ts runs its clients against.
 *
 * Providers listen on an address of this host that is not loopback, because endpoints which came from the database never reach loopback;
 * `outbound_allow` names that address, as a site names its own Mattermost. Only Telegram's API has to be moved there by hand.
 */

import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

import { jsonObject, type JsonObject } from '../../src/core/json-object.ts';
import { openConnection } from '../../src/journal/driver.ts';
import { startMailServer, type MailServer } from '../dispatcher/sinks-own/mail-server.ts';
import { fakeProvider, type FakeProvider } from '../dispatcher/sinks/fake-provider.ts';
import { alertGatewaySchema } from '../support/alertgateway-schema.ts';
import { dispatcherPort } from '../support/dispatcher-port.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { runProgram, startProgram, type Program } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

/** uuid4 in hex, one a user. */
export const KEYS = {
  ana: '0f1e2d3c4b5a49788796a5b4c3d2e1f0',
  bob: '7c9e6679742540de944be07fc1f90ae7',
  carla: '16fd2706838b4f6e9c7a5a2f6e0c1d11',
  dora: '9b2f1f3c6d9a4c53a1b7e1e3c2d4f5a6',
} as const;
export type UserName = keyof typeof KEYS;

/** Of ana, in the order of their making; `old` is disabled, as its web pages wrote it: a text. */
export const ANAS = ['soc', 'chat', 'ops', 'rocket', 'sms', 'push', 'mail', 'log'] as const;

export const BOT = '4711:AAfake_token-of-a-bot';

/** An address of this host that is not loopback; undefined when there is none. */
export function ownAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

interface Ending {
  after(hook: () => Promise<void> | void): void;
}

export interface Site {
  readonly dir: string;
  readonly stateDir: string;
  readonly pki: Pki;
  readonly providers: Readonly<
    Record<'soc' | 'chat' | 'ops' | 'rocket' | 'sms' | 'push' | 'bobs', FakeProvider>
  >;
  readonly mailServer: MailServer;
  /** What the `file` channel writes. */
  readonly logFile: string;
  readonly database: string;
  /** Ports of the running service. */
  port(source: string): Promise<number>;
  start(): Promise<void>;
  /** SIGKILL, at once. */
  kill(): Promise<void>;
  stderr(): string;
  /** An `alert-dispatcher` command; throws unless it ends with 0. */
  run(...words: readonly string[]): Promise<string>;
  /** Writes a file into dispatcher.d. */
  configure(name: string, text: string): void;
  status(): Promise<JsonObject>;
}

export async function makeSite(t: Ending, address: string): Promise<Site> {
  const dir = realpathSync(tempDir(t));
  const pki = await makePki(join(dir, 'pki'));
  const [soc, chat, ops, rocket, sms, push, bobs] = await Promise.all(
    Array.from({ length: 7 }, async () => await fakeProvider(t, address)),
  );
  if (!soc || !chat || !ops || !rocket || !sms || !push || !bobs) throw new Error('no providers');
  soc.say({ body: { ok: true, result: { message_id: 1 } } });
  ops.say({ body: 'ok' });
  bobs.say({ body: 'ok' });
  rocket.say({ body: { success: true } });
  const mailServer = await startMailServer(t, { leaf: pki.server });
  const logs = join(dir, 'logs');
  const stateDir = join(dir, 'state');
  for (const place of [logs, stateDir, join(dir, 'dispatcher.d')]) mkdirSync(place);
  const database = join(dir, 'alertgw.db');
  fillDatabase(database, {
    soc: ['telegram', 1, 'ana', `{'bot-key': '${BOT}', 'chat-id': '-100200,300'}`],
    chat: ['discord', 1, 'ana', `{'webhook': '${chat.base}/api/webhooks/1/x'}`],
    ops: ['slack', 1, 'ana', `{"webhook": "${ops.base}/services/T1, ${ops.base}/services/T2"}`],
    rocket: ['rocket_chat', 1, 'ana', `{'webhook': '${rocket.base}/hooks/1'}`],
    sms: [
      'custom_get_request',
      1,
      'ana',
      `{'url': '${sms.base}/send?apikey=secret&to=receiver&text=message', 'receivers': '600100,600200', 'secret': "it's"}`,
    ],
    push: [
      'custom_post_request',
      1,
      'ana',
      `{'url': '${push.base}/topics/receiver', 'receivers': 'one,two', 'datavar': 'body'}`,
    ],
    mail: [
      'smtp',
      1,
      'ana',
      `{'emails': 'ana@example.org,duty@example.org', 'server': 'localhost', 'port': '${mailServer.port}', 'from': 'gw@example.org', 'auth': 'no'}`,
    ],
    log: ['file', 1, 'ana', `{'file': '${join(logs, 'alerts.txt')}'}`],
    old: ['slack', 'False', 'ana', `{'webhook': '${ops.base}/services/OLD'}`],
    bobs: ['slack', 1, 'bob', `{'webhook': "${bobs.base}/o'neil"}`],
    off1: ['slack', 'False', 'dora', `{'webhook': '${ops.base}/services/OFF1'}`],
    off2: ['slack', 0, 'dora', `{'webhook': '${ops.base}/services/OFF2'}`],
  });
  const configFile = join(dir, 'dispatcher.yml');
  writeFileSync(configFile, JSON.stringify(configOf(pki, address), null, 2));
  const place = ['--config', configFile, '--state', stateDir];
  let service: Program | undefined;
  const site: Site = {
    dir,
    stateDir,
    pki,
    providers: { soc, chat, ops, rocket, sms, push, bobs },
    mailServer,
    logFile: join(logs, 'alerts.txt'),
    database,
    port: async (source) => {
      if (service === undefined) throw new Error('the service does not run');
      return await dispatcherPort(service, source);
    },
    async start() {
      service = startProgram('alert-dispatcher', ['serve', ...place, '--min-free', '0']);
      await service.line(/started: \d+ recipients/, 60_000);
    },
    async kill() {
      await service?.kill('SIGKILL');
    },
    stderr: () => service?.stderr() ?? '',
    async run(...words) {
      const { code, stdout, stderr } = await runProgram('alert-dispatcher', [...words, ...place]);
      if (code !== 0)
        throw new Error(`alert-dispatcher ${words.join(' ')}: exit ${code}\n${stdout}${stderr}`);
      return stdout;
    },
    configure: (name, text) => writeFileSync(join(dir, 'dispatcher.d', name), text, { mode: 0o640 }),
    async status() {
      const { stdout } = await runProgram('alert-dispatcher', ['status', '--json', ...place]);
      const status = jsonObject(stdout);
      if (status === undefined) throw new Error(`no status: ${stdout}`);
      return status;
    },
  };
  t.after(async () => {
    await service?.kill('SIGKILL');
  });
  return site;
}

function configOf({ server, caFile }: Pki, address: string): object {
  const https = { listen: '127.0.0.1:0', cert: server.certFile, key: server.keyFile, ca: caFile };
  return {
    outbound_allow: [`${address}/32`],
    sources: {
      https,
      alertgateway: { rate: 6_000 },
      smtp: { listen: '127.0.0.1:0', allow_from: '127.0.0.0/8' },
      syslog: {
        udp: { listen: '127.0.0.1:0', transport: 'udp', allow_from: '127.0.0.0/8', keyed_only: true },
      },
    },
  };
}

type Channel = readonly [type: string, enabled: number | string, owner: UserName, params: string];

function fillDatabase(path: string, channels: Readonly<Record<string, Channel>>): void {
  const db = openConnection(path, {});
  db.exec(alertGatewaySchema);
  const user = db.prepare('INSERT INTO users(user_name, user_pass, user_key) VALUES(?, ?, ?)');
  for (const [name, key] of Object.entries(KEYS)) {
    user.run(name, '$2b$12$abcdefghijklmnopqrstuuMRlBvDKJpJ1xoX7Yp6r9KxPN0a1b2c3', key);
  }
  const channel = db.prepare(
    'INSERT INTO channels(channel_name, channel_type, channel_enable, channel_key, channel_parameters) VALUES(?, ?, ?, ?, ?)',
  );
  for (const [name, [type, enabled, owner, params]] of Object.entries(channels)) {
    channel.run(name, type, enabled, KEYS[owner], params);
  }
  const input = db.prepare(
    'INSERT INTO input_channels(input_channel_name, input_channel_location, input_channel_address, input_channel_port, input_channel_status, input_channel_key) VALUES(?, ?, ?, ?, ?, ?)',
  );
  for (const [name, port] of [
    ['REST', 4848],
    ['SMTP', 25],
    ['SYSLOG', 514],
  ] as const) {
    input.run(name, `input_channels/${name}`, '0.0.0.0', port, 1, KEYS.ana);
  }
  db.close();
}
