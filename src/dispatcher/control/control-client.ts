/** The command's end of the control socket. */

import { request } from 'node:http';

import { type ErrorCode, errorCodes, messageOf, RelayError, systemCode } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { Control, VerbArgs, VerbName, VerbResult } from './call.ts';

/** @param by who asks, for the audit log */
export function connectControl(path: string, by: string): Control {
  return {
    async call<N extends VerbName>(name: N, args: VerbArgs<N>): Promise<VerbResult<N>> {
      const answer = await post(path, name, JSON.stringify(args), by);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the verb of that name returns, by the same program
      return answer as VerbResult<N>;
    },
    close: async () => undefined,
  };
}

/** Whether somebody listens. */
export async function controlAnswers(path: string): Promise<boolean> {
  try {
    await post(path, 'ping', '{}', 'probe');
    return true;
  } catch (error) {
    return !['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(systemCode(cause(error)));
  }
}

function cause(error: unknown): unknown {
  return error instanceof RelayError ? error.cause : error;
}

function post(path: string, name: string, body: string, by: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(
        new RelayError('UNAVAILABLE', `control socket ${path}: ${systemCode(error) || messageOf(error)}`, {
          hint: 'is alert-dispatcher running, and may this user open its socket?',
          cause: error,
        }),
      );
    const outgoing = request(
      {
        socketPath: path,
        method: 'POST',
        path: `/${name}`,
        agent: false,
        headers: { 'content-type': 'application/json', 'x-by': encodeURIComponent(by) },
      },
      (incoming) => {
        const parts: Buffer[] = [];
        let length = 0;
        incoming.on('data', (part: Buffer) => {
          length += part.length;
          if (length > dispatcherLimits.controlBytes) incoming.destroy(new Error('the answer is too large'));
          parts.push(part);
        });
        incoming.on('error', fail);
        incoming.on('end', () => {
          try {
            resolve(resultOf(JSON.parse(Buffer.concat(parts).toString('utf8'))));
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

function resultOf(answer: unknown): unknown {
  if (typeof answer === 'object' && answer !== null) {
    if ('result' in answer) return answer.result;
    if ('error' in answer && typeof answer.error === 'object' && answer.error !== null) {
      const { code, message, hint } = answer.error as { code?: unknown; message?: unknown; hint?: unknown };
      throw new RelayError(codeOf(code), String(message), typeof hint === 'string' ? { hint } : {});
    }
  }
  throw new RelayError('BUG', 'the service gave an answer that is none');
}

function codeOf(code: unknown): ErrorCode {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked up just before
  return typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'BUG';
}
