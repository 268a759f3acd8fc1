#!/usr/bin/env node
/**
 * `reverse-server`: the buffer of the sensor. Parses argv and settings, calls the program, sets the exit code.
 *
 * The Node version is checked before anything else is loaded; see check-node.ts.
 */

import { checkNode } from './check-node.ts';

checkNode('reverse-server');
const { runReverseServer } = await import('../cli/run-reverse-server.ts');
await runReverseServer(process.argv.slice(2));
