/**
 * The example settings files of config/, made from the option tables. Written by write-config.ts
 * (`npm run config`); test/cli/drift.test.ts holds files and tables equal.
 *
 * Active lines are those a site has to fill in; everything else is commented out with its default or an
 * example, so that copying the file changes nothing by itself.
 */

import { wrap } from '../../src/cli/help.ts';
import { httpProxyTable } from '../../src/cli/http-proxy-options.ts';
import { type CommandTable, environmentKey, type Option } from '../../src/cli/option.ts';
import { reverseServerTable } from '../../src/cli/reverse-server-options.ts';

const columns = 78;

const grammar =
  "KEY=value as in systemd's EnvironmentFile; quote values that contain # or \\. Lines starting with # or ; are comments. " +
  'An unknown key or a line that could be read in two ways stops the program with file and line.';

/** Contents by file name. */
export function configExamples(): ReadonlyMap<string, string> {
  const common = settings(httpProxyTable).filter(({ name }) => name !== 'sensor' && name !== 'sensor-name');
  const own = settings(httpProxyTable).filter(({ name }) => name === 'sensor' || name === 'sensor-name');
  return new Map([
    [
      'reverse-server',
      page(
        'Settings of reverse-server. Belongs to /etc/sysconfig (RHEL) or /etc/default (Debian), owner root, mode 0644; read at start.',
        settings(reverseServerTable),
        new Map([
          ['spooldir', '/var/spool/idmef-relay'],
          ['delete', 'yes'],
          ['allow-poller', ''],
        ]),
      ),
    ],
    [
      'http-proxy',
      page(
        'Settings common to all profiles of http-proxy. Belongs to /etc/sysconfig (RHEL) or /etc/default (Debian), owner root, mode 0644; read at each run.',
        common,
        new Map([['manager', 'https://gateway.example:3128/']]),
      ),
    ],
    [
      'http-proxy@profile',
      page(
        'Settings of one profile, that is one sensor: copy as http-proxy@NAME beside http-proxy, then enable http-proxy@NAME.timer. Any key of http-proxy may stand here too and wins over it.',
        own,
        new Map([['sensor', 'https://sensor1.example:3128/']]),
      ),
    ],
  ]);
}

function settings(table: CommandTable): readonly Option[] {
  return table.options.filter((option) => option.momentary !== true && option.name !== 'state');
}

function page(purpose: string, options: readonly Option[], active: ReadonlyMap<string, string>): string {
  const head = [...comment(purpose), ...comment(grammar)];
  const entries = options.map((option) => entry(option, active.get(option.name)));
  return `${head.join('\n')}\n\n${entries.join('\n')}`;
}

function entry(option: Option, active: string | undefined): string {
  const { required, help, more, list, example, default: text, defaultText } = option;
  const key = environmentKey(option);
  const byDefault = defaultText ?? text;
  const facts = [`${help.charAt(0).toUpperCase()}${help.slice(1)}.`, more ?? ''];
  if (list === true) facts.push('Several values: blanks between them.');
  if (byDefault !== undefined) facts.push(`Default: ${byDefault}.`);
  const value = active ?? (required === true ? example : undefined);
  const line = value === undefined ? `#${key}=${shown(option)}` : `${key}=${value}`;
  return `${comment(facts.filter(Boolean).join(' ')).join('\n')}\n${line}\n`;
}

function shown({ kind, example, default: text }: Option): string {
  if (kind === 'flag') return 'yes';
  if (kind === 'count') return '1';
  return example ?? text ?? '';
}

function comment(text: string): string[] {
  return wrap(text, columns - 2).map((line) => `# ${line}`);
}
