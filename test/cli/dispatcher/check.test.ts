/** `check` finds what the service will find: the file together with what commands have made, whether the service runs or not. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startWorld } from '../../app/dispatcher/world.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { run } from './run-verb.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

test('a file is judged with what commands have made', async (t) => {
  const world = await startWorld(t, { pki });
  const { control } = world.service;
  await control.call('endpoints.add', { name: 'out', value: { type: 'webhook', url: 'http://192.0.2.1/' } });
  await control.call('recipients.add', { name: 'far', value: { endpoint: 'out' } });
  const place = ['--state', join(world.dir, 'state'), '--config', world.configFile];
  const checked = async (edit: (config: typeof world.config) => void): Promise<string> => {
    const config = structuredClone(world.config);
    edit(config);
    writeFileSync(world.configFile, JSON.stringify(config));
    const { code, stdout } = await run('check', ...place);
    return `${code} ${stdout}`;
  };
  const routed = ({ route }: typeof world.config): void => void Object.assign(route ?? {}, { to: ['far'] });
  const taken = ({ recipients }: typeof world.config): void =>
    void Object.assign(recipients ?? {}, { far: { endpoint: 'disk' } });
  for (const how of ['with a service', 'without']) {
    if (how === 'without') await world.service.close();
    assert.match(await checked(routed), /^0 .*: sound\n$/s, how);
    assert.match(await checked(taken), /^78 error: database: recipients\.far: is in the file too/, how);
  }
});
