/** `endpoints list|types|add|set|remove`. */

import { readKeyValues } from './key-values.ts';
import { jsonLines, paramsText, textTable } from './print.ts';
import { wordTables } from './word-tables.ts';
import { byWord } from './words.ts';

export const runEndpoints = byWord(wordTables.endpoints, {
  list: async ({ withControl, json, print }) =>
    await withControl(async (control) => {
      const endpoints = await control.call('endpoints.list', {});
      const rows = endpoints.map((one) => [one.name, one.type, one.provenance, paramsText(one.params)]);
      await print(json ? jsonLines(endpoints) : textTable(['ENDPOINT', 'TYPE', 'FROM', 'PARAMETERS'], rows));
      return 0;
    }),
  types: async ({ operands: [type], place, json, print }) => {
    const { describeTypes } = await import('../../app/dispatcher/describe-types.ts');
    await print(await describeTypes(place.configFile, type, json));
    return 0;
  },
  add: async ({ operands: [name = '', ...words], withControl }) => {
    const value = await readKeyValues(words);
    return await withControl(async (control) => {
      await control.call('endpoints.add', { name, value });
      return 0;
    });
  },
  set: async ({ operands: [name = '', ...words], withControl }) => {
    const value = await readKeyValues(words);
    return await withControl(async (control) => {
      await control.call('endpoints.set', { name, value });
      return 0;
    });
  },
  remove: async ({ operands: [name = ''], withControl }) =>
    await withControl(async (control) => {
      await control.call('endpoints.remove', { name });
      return 0;
    }),
});
