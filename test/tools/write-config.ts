/** `npm run config`: writes the example settings files of config/ anew from the option tables. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { configExamples } from './config-examples.ts';
import { projectRoot } from './source-files.ts';

const folder = join(projectRoot(), 'config');
mkdirSync(folder, { recursive: true });
for (const [name, text] of configExamples()) writeFileSync(join(folder, name), text);
