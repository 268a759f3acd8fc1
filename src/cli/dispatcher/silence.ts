/** `silence list|add|expire`. */

import type { Control } from '../../dispatcher/control/call.ts';
import { escapeText, jsonLine, jsonLines, textTable, when } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runSilence(verb: VerbContext): Promise<number> {
  const { operands, settings, json, withControl, print, misuse } = verb;
  const [word, what, ...rest] = operands;
  if (rest.length > 0) throw misuse(`unexpected argument '${rest[0]}': criteria are one argument, in quotes`);
  return withControl(async (control) => {
    if (word === 'list') {
      const silences = await control.call('silences.list', { all: settings.flag('all') });
      const rows = silences.map((one) => [
        String(one.id),
        when(one.until),
        one.author,
        one.recipient ?? 'all people',
        one.criteria,
        one.reason,
      ]);
      await print(
        json
          ? jsonLines(silences)
          : textTable(['SILENCE', 'UNTIL', 'BY', 'TOWARDS', 'CRITERIA', 'REASON'], rows),
      );
      return 0;
    }
    if (what === undefined)
      throw misuse(word === undefined ? 'missing list, add or expire' : 'missing CRITERIA or N');
    if (word === 'expire') {
      await control.call('silences.expire', { id: Number(what) });
      return 0;
    }
    if (word !== 'add') throw misuse(`unknown word '${word}'`);
    return settings.flag('preview') ? await preview(verb, control, what) : await add(verb, control, what);
  });
}

async function add(
  { settings, json, print, misuse }: VerbContext,
  control: Control,
  criteria: string,
): Promise<number> {
  const reason = settings.text('reason');
  const lastsMs = settings.optionalDuration('for');
  if (reason === undefined || lastsMs === undefined) throw misuse('--reason and --for are mandatory');
  const sensor = settings.text('sensor');
  const recipient = settings.text('recipient');
  const silence = await control.call('silences.add', {
    criteria,
    reason,
    until: Date.now() + lastsMs,
    ...(sensor === undefined ? {} : { sensor }),
    ...(recipient === undefined ? {} : { recipient }),
  });
  await print(json ? jsonLine(silence) : `silence ${silence.id} until ${when(silence.until)}\n`);
  return 0;
}

async function preview(
  { settings, json, print }: VerbContext,
  control: Control,
  criteria: string,
): Promise<number> {
  const sensor = settings.text('sensor');
  const found = await control.call('silences.preview', {
    criteria,
    ...(sensor === undefined ? {} : { sensor }),
  });
  const { hidden, looked, highHidden, examples } = found;
  await print(
    json
      ? jsonLine(found)
      : `it would have hidden ${hidden} of the ${looked} messages of the last 24 hours, ${highHidden} of them high\n${examples
          .map((one) => `  ${escapeText(one)}\n`)
          .join('')}`,
  );
  return 0;
}
