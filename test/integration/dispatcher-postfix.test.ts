/**
 * The smtp sink against a real Postfix: mails arrive in a mailbox byte by byte, over STARTTLS, to all addresses; greylisting and unknown users
 * mean what they should.
 *
 * Postfix runs from a configuration of its own on loopback and is started by root (or sudo). Without the Debian package postfix the tests
 * fail where CI is set, and are skipped with a reason elsewhere.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { SinkAnswer } from '../../src/dispatcher/model/sink.ts';
import { smtpType } from '../../src/dispatcher/sinks/own/smtp/smtp.ts';
import {
  endpoint,
  message,
  never,
  notification,
  recipient,
  world,
} from '../dispatcher/sinks-own/sink-world.ts';
import { freePort } from '../support/free-port.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { until } from '../support/until.ts';

const root = process.getuid?.() === 0;
const missing =
  process.env['CI'] !== undefined || (existsSync('/usr/sbin/postfix') && asRoot('true').status === 0)
    ? false
    : 'postfix is not installed, or we cannot become root';

const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
let pki: Pki;
let port: number;

function asRoot(command: string, ...args: readonly string[]): ReturnType<typeof spawnSync> {
  return root
    ? spawnSync(command, args, { encoding: 'utf8' })
    : spawnSync('sudo', ['-n', command, ...args], { encoding: 'utf8' });
}

before(async () => {
  if (missing !== false) return;
  pki = await makePki(join(dir, 'pki'));
  port = await freePort();
  chmodSync(dir, 0o755);
  const conf = join(dir, 'conf');
  for (const name of ['conf', 'queue', 'data', 'mail']) mkdirSync(join(dir, name));
  writeFileSync(
    join(conf, 'main.cf'),
    `compatibility_level = 3.6
queue_directory = ${dir}/queue
data_directory = ${dir}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = ${dir}/log
maillog_file_prefixes = ${dir}
smtpd_tls_cert_file = ${pki.server.certFile}
smtpd_tls_key_file = ${pki.server.keyFile}
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_banner = mx.example.org ESMTP
virtual_mailbox_domains = example.org
virtual_mailbox_base = ${dir}/mail
virtual_mailbox_maps = inline:{ ana@example.org=ana/, bob@example.org=bob/, grey@example.org=grey/ }
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_mailbox_limit = 0
smtpd_recipient_restrictions = check_recipient_access inline:{ { grey@example.org = 450 4.2.0 greylisted } }, reject_unauth_destination
`,
  );
  const services = [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'flush unix n - n 1000? 0 flush',
    'proxymap unix - - n - - proxymap',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'discard unix - - n - - discard',
    'virtual unix - n n - - virtual',
    'anvil unix - - n - 1 anvil',
    'postlog unix-dgram n - n - 1 postlogd',
  ];
  writeFileSync(join(conf, 'master.cf'), `${services.join('\n')}\n`);
  asRoot('chown', '-R', 'root:root', conf, join(dir, 'queue'));
  asRoot('chown', 'postfix', join(dir, 'data'));
  asRoot('chown', '65534:65534', join(dir, 'mail'));
  const started = asRoot('postfix', '-c', conf, 'start');
  assert.equal(started.status, 0, `${String(started.stdout)}${String(started.stderr)}`);
  await until(async () => await listens(port), { timeoutMs: 20_000, what: 'postfix' });
});

after(() => {
  if (missing === false) asRoot('postfix', '-c', join(dir, 'conf'), 'stop');
  asRoot('rm', '-rf', dir);
});

async function send(
  params: Record<string, unknown>,
  to: Record<string, unknown>,
  more: Parameters<typeof notification>[2],
): Promise<SinkAnswer> {
  const sink = await smtpType.create(
    endpoint('smtp', { server: 'localhost', port, from: 'SOC <soc@example.net>', ...params }),
    world(),
  );
  try {
    return await sink.send(notification([message(1)], recipient(to), more), never);
  } finally {
    await sink.close();
  }
}

const words = ({ outcome }: SinkAnswer): string =>
  'reason' in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;

/** The one mail of a mailbox (maildir: byte by byte) that holds this text, once it is there. */
async function mailIn(name: string, text: string): Promise<string> {
  const script = 'for f in "$1"/new/*; do grep -qF "$2" "$f" && cat "$f"; done; true';
  const log = join(dir, 'log');
  return await until(
    () => {
      const { stdout } = asRoot('sh', '-c', script, 'sh', join(dir, 'mail', name), text);
      return String(stdout).includes(text) ? String(stdout) : undefined;
    },
    { timeoutMs: 20_000, what: `mail for ${name} (${String(asRoot('tail', '-n', '20', log).stdout)})` },
  );
}

test(
  'over STARTTLS to two mailboxes: headers, text and HTML as they were written',
  { skip: missing },
  async () => {
    const plain = `Ünïcode 日本\r\n.\r\n..dots\r\nFrom nobody\r\n${'long '.repeat(400)}end-1`;
    const rendered = {
      subject: '[HIGH] Brute force – 198.51.100.7 → ssh\r\nBcc: eve@example.org',
      body: '<p>Ünïcode &amp; <b>bold</b></p>',
      plain,
    };
    const result = await send(
      { ca_file: pki.caFile },
      { to: 'ana@example.org', cc: 'bob@example.org', subject_prefix: '[SOC]' },
      { rendered },
    );
    assert.equal(words(result), 'ok');
    for (const name of ['ana', 'bob']) {
      const raw = await mailIn(name, 'Message-ID: <key-0123456789abcdef@soc.example.org>');
      assert.match(raw, /^Return-Path: <soc@example\.net>$/m);
      assert.match(raw, /using TLSv1\.[23]/);
      assert.match(raw, /^Auto-Submitted: auto-generated$/m);
      assert.match(raw, /^X-Idmef-Relay: soc\.example\.org; notification=k3f9; id=key-0123456789abcdef$/m);
      assert.doesNotMatch(raw, /^Bcc:/m);
      const { default: PostalMime } = await import('postal-mime');
      const mail = await PostalMime.parse(raw);
      assert.equal(mail.subject, '[SOC] [HIGH] Brute force – 198.51.100.7 → ssh Bcc: eve@example.org');
      assert.equal(mail.to?.[0]?.address, 'ana@example.org');
      assert.equal(mail.cc?.[0]?.address, 'bob@example.org');
      assert.equal(mail.text?.trim().replace(/\r?\n/g, '\r\n'), plain);
      assert.equal(mail.html?.trim(), rendered.body);
    }
  },
);

test('greylisting puts off, unknown users are named, the others have it', { skip: missing }, async () => {
  const params = { tls: 'none', server: '127.0.0.1' };
  const more = { idempotencyKey: 'second' };
  assert.match(
    words(await send(params, { to: 'ana@example.org, grey@example.org' }, more)),
    /^again: mail server 127\.0\.0\.1:\d+ did not take it for grey@example\.org \(said 450 4\.2\.0 .*greylisted\); took it for ana@example\.org$/,
  );
  const without = await send(
    params,
    { to: 'bob@example.org, nobody@example.org' },
    { idempotencyKey: 'third' },
  );
  assert.equal(words(without), 'ok');
  assert.match(
    without.providerRef ?? '',
    /; mail server 127\.0\.0\.1:\d+ did not take it for nobody@example\.org \(said 550 5\.1\.1 .*\); took it for bob@example\.org$/,
  );
  assert.match(
    words(await send(params, { to: 'nobody@example.org' }, more)),
    /^broken: mail server 127\.0\.0\.1:\d+ did not take it for nobody@example\.org \(said 550/,
  );
  assert.match(
    words(await send(params, { to: 'x@example.com' }, more)),
    /^broken: mail server 127\.0\.0\.1:\d+ did not take it for x@example\.com \(said 554 5\.7\.1 .*[Rr]elay/,
  );
  await mailIn('ana', '<second');
  await mailIn('bob', '<third');
});

test('a certificate we do not trust gets nothing', { skip: missing }, async () => {
  const foreign = await makePki(join(dir, 'foreign'));
  assert.match(words(await send({ ca_file: foreign.caFile }, { to: 'ana@example.org' }, {})), /^broken: /);
});

async function listens(at: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(at, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
