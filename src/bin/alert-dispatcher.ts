#!/usr/bin/env node
/**
 * `alert-dispatcher VERB …`: from alerts to people and systems. Parses argv, calls the verb, sets the exit code.
 *
 * The Node version is checked before anything else is loaded; see check-node.ts.
 */

import { checkNode } from './check-node.ts';

checkNode('alert-dispatcher');
const { runAlertDispatcher } = await import('../cli/dispatcher/run.ts');
await runAlertDispatcher(process.argv.slice(2));
