#!/usr/bin/env node
/**
 * `http-proxy`: the poller of the manager. Parses argv and profiles, calls the program, sets the exit code.
 *
 * The Node version is checked before anything else is loaded; see check-node.ts. Only what an empty poll needs
 * is loaded at all.
 */

import { checkNode } from './check-node.ts';

checkNode('http-proxy');
const { runHttpProxy } = await import('../cli/run-http-proxy.ts');
await runHttpProxy(process.argv.slice(2));
