/**
 * What a service that does not speak TLS says: unasked (SSH, SMTP, …), or asked in HTTP. Called by
 * check-handshake.ts and check-port.ts when a handshake met something that is not TLS.
 */

import { connect } from 'node:net';

import { doctorLimits } from '../../core/limits.ts';

export interface Greeting {
  readonly kind: 'http' | 'proxy' | 'other' | 'nothing';
  /** Quoted, one line: `"HTTP/1.1 400 Bad Request", Server: nginx`. */
  readonly text: string;
}

export async function greetingOf(host: string, port: number): Promise<Greeting> {
  const unasked = await listen(host, port, '');
  const bytes =
    unasked === ''
      ? await listen(host, port, `OPTIONS / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      : unasked;
  if (bytes === '') return { kind: 'nothing', text: 'nothing' };
  const [line = ''] = bytes.split(/\r?\n/);
  if (!/^HTTP\/\d/.test(line)) return { kind: 'other', text: JSON.stringify(line.slice(0, 80)) };
  const server = /^server:\s*(\S.{0,60})/im.exec(bytes)?.[1]?.trim();
  const text = `${JSON.stringify(line.slice(0, 80))}${server === undefined ? '' : `, Server: ${server}`}`;
  const proxy =
    /^(?:via|proxy-[a-z]+|x-squid-[a-z]+|x-cache):/im.test(bytes) ||
    / 407 /.test(line) ||
    /squid/i.test(server ?? '');
  return { kind: proxy ? 'proxy' : 'http', text };
}

/** The first bytes that come, or '' when none do in time. */
function listen(host: string, port: number, question: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port });
    const finish = (): void => {
      clearTimeout(timer);
      socket
        .removeAllListeners()
        .on('error', () => undefined)
        .destroy();
      resolve(text);
    };
    const timer = setTimeout(finish, doctorLimits.greetingMs);
    socket
      .setEncoding('latin1')
      .once('connect', () => void socket.write(question))
      .on('data', (piece: string) => {
        text += piece;
        const whole = question === '' ? text.includes('\n') : text.includes('\r\n\r\n');
        if (whole || text.length >= doctorLimits.greetingBytes) finish();
      })
      .once('error', finish)
      .once('close', finish);
  });
}
