/** `alert-dispatcher import alertgateway FILE`: plans first; `--apply` does it. */

import { writeYaml } from '../../config/write-yaml.ts';
import { escapeText, jsonLine } from './print.ts';
import { wordTables } from './word-tables.ts';
import { byWord } from './words.ts';

export const runImport = byWord(wordTables.import, {
  alertgateway: async ({ operands: [file = ''], settings, json, withControl, print }) => {
    const dryRun = !settings.flag('apply');
    const { planFromFile } = await import('../../app/dispatcher/plan-from-file.ts');
    const { users, endpoints, recipients, forFile, notes } = await planFromFile(file);
    return await withControl(async (control) => {
      const report = await control.call('import.alertgateway', {
        users: users.map((user) => ({ ...user })),
        endpoints: { ...endpoints },
        recipients: { ...recipients },
        dryRun,
      });
      if (json) {
        await print(jsonLine({ ...report, notes, forFile, dryRun }));
        return 0;
      }
      const lines = [
        ...report.made.map((one) => `+ ${one}`),
        ...report.kept.map((one) => `= ${one} (is there already)`),
        ...notes.map((note) => `note: ${note}`),
      ];
      await print(lines.map((line) => `${escapeText(line)}\n`).join(''));
      if (Object.keys(forFile.endpoints).length > 0) {
        await print(`# for a file in dispatcher.d, owned by root:\n${writeYaml(forFile)}`);
      }
      if (report.made.length === 0) await print('nothing is there to be made\n');
      else if (dryRun) await print('nothing changed: --apply does it\n');
      return 0;
    });
  },
});
