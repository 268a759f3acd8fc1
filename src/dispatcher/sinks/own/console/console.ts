/**
 * `console`: one line for each alert on a terminal, for `npm start` and `serve --console`.
 *
 * The writer comes from src/app. Terminal escapes of an alert's text are made visible, so that it can neither repaint the
 * screen nor add a line.
 */

import { z } from 'zod';

import { OK } from '../../../../core/outcome.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import { escapeControls } from '../../../../log/escape.ts';
import type { SinkType } from '../../../model/sink.ts';
import { answer } from '../say.ts';

/** `write` gets a line with its end. */
export function createConsoleType(write: (line: string) => void): SinkType {
  return {
    type: 'console',
    summary: 'one line for each alert on the terminal of the service',
    audience: 'people',
    medium: 'line',
    endpoint: z.strictObject({}),
    recipient: z.strictObject({}),
    secrets: [],
    batch: 1,
    text: { body: ownSinkLimits.mailChars },
    timeoutMs: ownSinkLimits.pingMs,
    create: () =>
      Promise.resolve({
        limits: () => [],
        send: ({ rendered, form }) => {
          const text = form === 'plain' ? rendered.plain : rendered.body;
          write(`${escapeControls(text.replace(/\s+/g, ' ').trim())}\n`);
          return Promise.resolve(answer(OK));
        },
        close: () => Promise.resolve(),
      }),
  };
}
