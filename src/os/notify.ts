/**
 * Messages to the service manager (sd_notify(3)): READY, STATUS, WATCHDOG, STOPPING. Made by src/app/service-notices.ts
 * when systemd gave the process a socket; without one nothing of this runs.
 *
 * Node cannot send to a Unix datagram socket, so systemd-notify(1) does: the unit needs NotifyAccess=all, and since
 * version 246 the tool waits until PID 1 has taken the message, which must be looked up while its sender lives. One
 * runs at a time; what comes meanwhile is sent together, of each variable the latest. A failure is said once and never
 * stops a program that carries alerts.
 */

import { spawn } from 'node:child_process';
import { messageOf } from '../core/errors.ts';
import { notifyLimits } from '../core/limits.ts';
import type { Logger } from '../core/ports.ts';

export interface Notifier {
  /** Variables and values as in sd_notify(3): `{ READY: '1', STATUS: 'ready' }`. */
  send(variables: Readonly<Record<string, string>>): void;
  /** Resolves when all is sent or given up. */
  flushed(): Promise<void>;
}

interface NotifierOptions {
  /** `$NOTIFY_SOCKET`. */
  readonly socket: string;
  readonly logger: Logger;
  /** The program; tests put another in its place. */
  readonly command?: string;
}

/** Where systemd's tools are on every distribution. */
const PATH = '/usr/bin:/bin';

export function createNotifier({ socket, logger, command = 'systemd-notify' }: NotifierOptions): Notifier {
  let pending: Record<string, string> = {};
  let sending: Promise<void> | undefined;
  let complained = false;

  const work = async (): Promise<void> => {
    while (Object.keys(pending).length > 0) {
      const variables = Object.entries(pending).map(([name, value]) => `${name}=${oneLine(value)}`);
      pending = {};
      const fault = await run(command, variables, socket);
      if (fault !== undefined && !complained) {
        complained = true;
        logger.warning(`the service manager cannot be told how we are: ${fault}`, { event: 'notify-failed' });
      }
    }
    sending = undefined;
  };
  return {
    send(variables) {
      Object.assign(pending, variables);
      sending ??= work();
    },
    async flushed() {
      await sending;
    },
  };
}

/** Undefined, or in a few words what went wrong. */
function run(command: string, args: readonly string[], socket: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { NOTIFY_SOCKET: socket, PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: notifyLimits.sendMs,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < notifyLimits.wordsChars) said += text;
    });
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(`${command}: ${said.trim().split('\n')[0] || `ended with ${code ?? signal}`}`);
    });
  });
}

function oneLine(value: string): string {
  return value.replaceAll(/\s+/g, ' ').slice(0, notifyLimits.wordsChars);
}
