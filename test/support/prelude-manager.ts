/**
 * A throw-away prelude-manager of Debian's packages: its own profiles, port and directory, so that suites can run beside
 * each other and beside an installed one.
 *
 * libprelude looks for profiles in /etc/prelude/profile and spools in /var/spool/prelude only, hence root and names with our
 * process id; both are removed at the end. Reports: xmlmod unbuffered (complete after a kill), debug and text (complete after
 * a stop). Agents are registered as an operator does it, with prelude-admin on both sides.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from './free-port.ts';
import { until } from './until.ts';

const PROFILES = '/etc/prelude/profile';
const SPOOLS = '/var/spool/prelude';
/** Where the manager keeps its parameters of Diffie-Hellman; without systemd nobody makes it. */
const RUNTIME = '/run/prelude-manager';
/** prelude-admin turns for ever on the end of its input, so it gets a newline, and a deadline. */
const ADMIN_MS = 60_000;
/** Debian's own: another Python of the machine has no libprelude. */
export const PYTHON = '/usr/bin/python3';

export interface PreludeManager {
  readonly dir: string;
  readonly port: number;
  /** Of the manager. */
  readonly profile: string;
  /** Registers a profile with these permissions (`idmef:w`, `idmef:rw`); returns its name. */
  register(permissions: string): Promise<string>;
  /** `prelude://127.0.0.1:PORT?profile=NAME` for an agent; another port for a proxy in between. */
  url(agent: string, port?: number): string;
  /** Begins to listen (again). */
  start(): Promise<void>;
  /** SIGTERM: it reports what it has received and ends. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** 0 when it does not run. */
  pid(): number;
  /** Where xmlmod writes documents one after another, without declaration or namespace. */
  readonly xmlFile: string;
  /** The complete ones, each from `<IDMEF-Message>` to its end tag, but for the manager's own heartbeats. */
  documents(): string[];
  debug(): string;
  text(): string;
  log(): string;
  /** Ends it and removes its profiles and spools; the directory stays with its owner. */
  remove(): Promise<void>;
}

export interface PreludeManagerOptions {
  /** Default: xml and debug. */
  readonly reports?: readonly ('xml' | 'debug' | 'text')[];
}

/** Why there can be no prelude-manager here, or false. Where CI is set there has to be one: what is missing then fails. */
export function noPrelude(): string | false {
  if (process.env['CI'] !== undefined) return false;
  if (process.getuid?.() !== 0) return 'only root can make profiles of libprelude';
  for (const command of ['prelude-manager', 'prelude-admin']) {
    if (spawnSync(command, ['--version']).error !== undefined) return `${command} is not installed`;
  }
  if (spawnSync(PYTHON, ['-c', 'import prelude, lxml']).status !== 0) {
    return 'python3-prelude or python3-lxml is not installed';
  }
  return false;
}

/** A manager in `dir`, running. */
export async function startPreludeManager(
  dir: string,
  options: PreludeManagerOptions = {},
): Promise<PreludeManager> {
  const { reports = ['xml', 'debug'] } = options;
  const label = `relay-test-${process.pid}-${randomBytes(3).toString('hex')}`;
  const profile = `${label}-manager`;
  const made: string[] = [];
  mkdirSync(dir, { recursive: true });
  mkdirSync(RUNTIME, { recursive: true });
  const file = (name: string): string => join(dir, name);
  const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
  const port = await freePort();
  const sections = {
    xml: `[xmlmod]\nlogfile = ${file('events.xml')}\ndisable-buffering\n`,
    debug: `[debug]\nlogfile = ${file('events.debug')}\n`,
    text: `[textmod]\nlogfile = ${file('events.txt')}\n`,
  };
  writeFileSync(
    file('manager.conf'),
    [`listen = 127.0.0.1:${port}\n`, ...reports.map((report) => sections[report])].join('\n'),
  );
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();

  const remove = async (): Promise<void> => {
    await end('SIGKILL');
    for (const name of made) {
      for (const place of [PROFILES, SPOOLS]) rmSync(join(place, name), { recursive: true, force: true });
    }
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child?.kill(signal);
    await ended;
    child = undefined;
  };

  const start = async (): Promise<void> => {
    const log = openSync(file('manager.log'), 'a');
    const running = spawn(
      'prelude-manager',
      ['--config', file('manager.conf'), '--prelude', '--profile', profile],
      { cwd: dir, stdio: ['ignore', log, log] },
    );
    closeSync(log);
    let over = false;
    ended = new Promise((resolve) => {
      running.once('error', resolve);
      running.once('exit', resolve);
    }).then(() => (over = true));
    child = running;
    const ready = until(() => over || accepting(`127.0.0.1:${port}`), {
      timeoutMs: 60_000,
      what: `prelude-manager on port ${port}`,
    });
    if ((await ready) && over) throw new Error(`prelude-manager ended at its start\n${read('manager.log')}`);
  };

  const register = async (permissions: string): Promise<string> => {
    const name = `${label}-agent-${made.length}`;
    made.push(name);
    await registerAgent({ manager: profile, name, permissions, log: file('admin.log') });
    // For what uses libprelude; ours is told by the URL.
    writeFileSync(join(PROFILES, name, 'config'), `[prelude]\nserver-addr = 127.0.0.1:${port}\n`);
    return name;
  };

  made.push(profile);
  try {
    await admin(['add', profile, '--uid', '0', '--gid', '0'], file('admin.log'));
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    dir,
    port,
    profile,
    register,
    url: (agent, at = port) => `prelude://127.0.0.1:${at}?profile=${agent}`,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pid: () => child?.pid ?? 0,
    xmlFile: file('events.xml'),
    documents: () => documentsOf(read('events.xml')).filter((one) => !ownHeartbeat(one)),
    debug: () => read('events.debug'),
    text: () => read('events.txt'),
    log: () => read('manager.log'),
    remove,
  };
}

const BEGIN = '<IDMEF-Message>';
const END = '</IDMEF-Message>';

/** Complete documents of an xmlmod stream; what a kill cut off in the middle is none. */
function documentsOf(stream: string): string[] {
  return stream
    .split(BEGIN)
    .filter((piece) => piece.includes(END))
    .map((piece) => `${BEGIN}${piece.slice(0, piece.indexOf(END))}${END}`);
}

/** Of the manager: it speaks for itself and nobody stands behind it. */
function ownHeartbeat(document: string): boolean {
  return document.startsWith('<IDMEF-Message><Heartbeat') && document.split('<Analyzer ').length === 2;
}

interface Registration {
  readonly manager: string;
  readonly name: string;
  readonly permissions: string;
  readonly log: string;
}

/** Both sides of `prelude-admin register` with a password for this one time. The server leaves after one success. */
async function registerAgent({ manager, name, permissions, log }: Registration): Promise<void> {
  const secret = `${log}.password`;
  writeFileSync(secret, randomBytes(16).toString('hex'), { mode: 0o600 });
  const address = `127.0.0.1:${await freePort()}`;
  const password = ['--passwd-file', secret];
  const server = admin(
    ['registration-server', manager, '--listen', address, '--no-confirm', ...password],
    log,
  );
  // Awaited below; a fault of the other side must not be an unhandled one of this.
  server.catch(() => undefined);
  await until(() => accepting(address), { timeoutMs: 30_000, what: 'the registration server' });
  await admin(['register', name, permissions, address, '--uid', '0', '--gid', '0', ...password], log);
  await server;
  rmSync(secret);
}

/** Whether a socket listens there, as the kernel says: a connection to see would be a client for both programs. */
function accepting(address: string): boolean {
  const port = Number(address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0');
  return readFileSync('/proc/net/tcp', 'utf8').includes(`:${port} 00000000:0000 0A`);
}

async function admin(args: readonly string[], log: string): Promise<void> {
  const out = openSync(log, 'a');
  const child = spawn('prelude-admin', [...args], { stdio: ['pipe', out, out] });
  closeSync(out);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end('\n');
  const timer = setTimeout(() => child.kill('SIGKILL'), ADMIN_MS);
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  if (code === 0) return;
  throw new Error(`prelude-admin ${args[0] ?? ''}: ${code ?? 'killed'}\n${readFileSync(log, 'utf8')}`);
}
