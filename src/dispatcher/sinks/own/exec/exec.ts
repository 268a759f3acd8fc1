/**
 * `exec`: a script of root's for each alert.
 *
 * The argument list comes from the configuration and holds nothing of an alert; the alert is one JSON document on standard input. There
 * is no shell, the environment is PATH and LANG, the working directory `/`. Script and directories are root's (trusted-path.ts), asked at
 * the start and before each run. One run at a time for an endpoint. Running a script raises no alert, so nothing loops. It runs
 * inside the sandbox of the service's unit. What its exit status means: exit-outcome.ts.
 */

import { z } from 'zod';

import { RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK } from '../../../../core/outcome.ts';
import type { Endpoint } from '../../../model/recipient.ts';
import type { Notification, Sink, SinkAnswer, SinkDeps, SinkType } from '../../../model/sink.ts';
import { alertDocument } from '../../format/alert-document.ts';
import { jsonLine } from '../format/json-line.ts';
import { plainLine } from '../../format/line.ts';
import { readParams } from '../../read-params.ts';
import { answer } from '../say.ts';
import { distrust } from '../trusted-path.ts';
import { oneByOne } from '../turns.ts';
import { exitOutcome } from './exit-outcome.ts';
import { runScript } from './run-script.ts';

export const execEndpoint = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'The script by its whole path, and its arguments: ["/usr/lib/idmef-relay/scripts/page", "--siren"]',
    ),
  timeout: z
    .number()
    .positive()
    .max((10 * ownSinkLimits.scriptMs) / 1000)
    .default(ownSinkLimits.scriptMs / 1000)
    .describe('Seconds; then the script and all that it started are killed'),
});

export const execRecipient = z.strictObject({
  args: z.array(z.string()).optional().describe('Further arguments for this recipient'),
  run_on: z
    .enum(['always', 'engage', 'release'])
    .default('always')
    .describe(
      'For alerts of ntopng: only when one begins, or when it ends; other alerts run the script always',
    ),
});

/** `ownerUid`: whom scripts must belong to; root but in tests. */
export function createExecType(ownerUid = 0): SinkType {
  return {
    type: 'exec',
    summary: 'a script of root’s for each alert, which it gets as JSON on standard input',
    audience: 'machine',
    medium: 'plain',
    endpoint: execEndpoint,
    recipient: execRecipient,
    secrets: [],
    fileOnly: true,
    batch: 1,
    text: { body: ownSinkLimits.mailChars },
    // The script's own time comes before it, and others of the endpoint may have their turn first.
    timeoutMs: 20 * ownSinkLimits.scriptMs,
    create: (endpoint, deps) => createExec(endpoint, deps, ownerUid),
  };
}

// Asynchronous by contract: a bad setting is a rejection.
// oxlint-disable-next-line typescript/require-await
async function createExec(endpoint: Endpoint, deps: SinkDeps, ownerUid: number): Promise<Sink> {
  const where = `endpoint ${endpoint.name}`;
  const { command, timeout } = readParams(execEndpoint, endpoint.params, where);
  const [script = '', ...first] = command;
  const fault = distrust(script, 'file', ownerUid);
  if (fault !== undefined) {
    throw new RelayError('CONFIG', `${where}: ${fault}`, {
      hint: 'scripts are root’s: chown root, chmod go-w, its directories too',
    });
  }
  const turn = oneByOne();

  const send = async (notification: Notification, signal: AbortSignal): Promise<SinkAnswer> => {
    const { recipient } = notification;
    const { args = [], run_on } = readParams(execRecipient, recipient.params, `recipient ${recipient.name}`);
    if (!isWanted(notification, run_on)) return answer(OK);
    return await turn(async () => {
      signal.throwIfAborted();
      const changed = distrust(script, 'file', ownerUid);
      if (changed !== undefined) return answer({ kind: 'broken', reason: changed });
      const input = `${jsonLine(documentOf(notification))}\n`;
      const run = {
        command: script,
        args: [...first, ...args],
        input,
        timeoutMs: timeout * 1000,
        timers: deps.timers,
      };
      const end = await runScript(run, signal);
      return answer(exitOutcome(end), end.kind === 'timeout' || end.kind === 'signal');
    });
  };
  return { limits: () => [], send, close: () => Promise.resolve() };
}

/** Only ntopng's alerts have an action: its own field, which our source keeps. */
function isWanted({ messages, form }: Notification, wanted: 'always' | 'engage' | 'release'): boolean {
  if (wanted === 'always' || form === 'test' || messages.length === 0) return true;
  return messages.some(({ view }) => {
    const action = view.message.additionalData.find(({ meaning }) => meaning === 'ntopng.action');
    return action === undefined || action.value === wanted;
  });
}

/** What a script reads: `{form, id, tag, repeated, recipient, text, alerts: [{…, idmef}]}`. */
function documentOf(notification: Notification): object {
  const { id, tag, form, repeated, recipient, messages } = notification;
  const alerts = messages.map((message) => ({
    ...alertDocument(message),
    idmef: message.body.toString('utf8'),
  }));
  const text = alerts[0]?.text ?? plainLine(notification);
  return { form, id, tag, repeated, recipient: recipient.name, text, alerts };
}
