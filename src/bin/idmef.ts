#!/usr/bin/env node
/**
 * `idmef VERB …`: the tool for hands. Parses argv, calls the verb, sets the exit code.
 *
 * The Node version is checked before anything else is loaded; see check-node.ts.
 */

import { checkNode } from './check-node.ts';

checkNode('idmef');
const { runIdmef } = await import('../cli/idmef.ts');
await runIdmef(process.argv.slice(2));
