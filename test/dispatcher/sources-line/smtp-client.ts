/** A client that speaks SMTP line by line, so that tests see every answer. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface SmtpClient {
  readonly socket: Socket;
  /** The next answer, all its lines; '' when the server has closed the connection. */
  answer(): Promise<string>;
  /** Sends one line and waits for the answer. */
  say(line: string): Promise<string>;
  /** DATA, the text, the dot; the answer to the whole. */
  data(text: string): Promise<string>;
  startTls(ca: string): Promise<void>;
  close(): void;
}

export async function smtpClient(port: number): Promise<SmtpClient> {
  let socket: Socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  let ended = false;
  let wake: () => void = () => undefined;
  const attach = (): void => {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      wake();
    });
    socket.on('close', () => {
      ended = true;
      wake();
    });
    socket.on('error', () => undefined);
  };
  attach();
  await once(socket, 'connect');
  const client: SmtpClient = {
    get socket() {
      return socket;
    },
    async answer() {
      for (;;) {
        const match = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(text);
        if (match !== null) {
          text = text.slice(match[0].length);
          return match[0].trimEnd();
        }
        if (ended) return '';
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async say(line) {
      socket.write(`${line}\r\n`);
      return client.answer();
    },
    async data(body) {
      const go = await client.say('DATA');
      if (!go.startsWith('354')) return go;
      return client.say(`${body.replaceAll(/\r?\n/g, '\r\n').replaceAll(/^\./gm, '..')}\r\n.`);
    },
    async startTls(ca) {
      const ready = await client.say('STARTTLS');
      if (!ready.startsWith('220')) throw new Error(ready);
      socket.removeAllListeners('data');
      socket.removeAllListeners('close');
      socket = connectTls({ socket, ca, servername: 'localhost' });
      attach();
      await once(socket, 'secureConnect');
    },
    close() {
      socket.destroy();
    },
  };
  return client;
}
