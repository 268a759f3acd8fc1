/**
 * Asks for a password on the terminal without showing it, twice; or, when stdin is no terminal, takes one line of it. Called by
 * `alert-dispatcher users`.
 */

import { RelayError } from '../core/errors.ts';

const SHORTEST = 12;

export async function askPassword(what: string): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return judged((await firstLine(stdin)).trimEnd());
  const first = judged(await hidden(stdin, `${what}: `));
  const second = await hidden(stdin, 'once more: ');
  if (first !== second) throw new RelayError('INVALID_INPUT', 'the two do not match');
  return first;
}

function judged(password: string): string {
  if (password.length >= SHORTEST) return password;
  throw new RelayError('INVALID_INPUT', `a password has at least ${SHORTEST} characters`);
}

async function firstLine(stream: AsyncIterable<Buffer | string>): Promise<string> {
  let text = '';
  for await (const part of stream) {
    text += String(part);
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

function hidden(stdin: NodeJS.ReadStream, prompt: string): Promise<string> {
  process.stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8').resume();
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const end = (): void => {
      stdin.setRawMode(false);
      stdin.pause().off('data', take);
      process.stderr.write('\n');
    };
    const take = (text: string): void => {
      for (const character of text) {
        if (character === '\r' || character === '\n') {
          end();
          resolve(typed.join(''));
          return;
        }
        if (character === '\u0003' || character === '\u0004') {
          end();
          reject(new RelayError('USAGE', 'no password was given'));
          return;
        }
        if (character === '\u007F' || character === '\b') typed = typed.slice(0, -1);
        else typed.push(character);
      }
    };
    stdin.on('data', take);
  });
}
