/** Plain values → YAML text, for `alert-dispatcher export`. */

import { stringify } from 'yaml';

export function writeYaml(value: unknown): string {
  return stringify(value, { version: '1.2', schema: 'core', lineWidth: 120, aliasDuplicateObjects: false });
}
