/**
 * Hygiene as a test (a rule that is not checked is a wish): layers, file length, headers, leftovers,
 * purity of the inner layers, and that nothing of the machine it was written on is in the files.
 */

import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { describe, test } from 'node:test';

import { projectRoot, readProject, type SourceFile } from './tools/source-files.ts';

/** From the outside in. A folder imports folders of later rows only, and its own. */
const rows: readonly (readonly string[])[] = [
  ['bin'],
  ['cli'],
  ['app'],
  ['sensor', 'poller', 'dispatcher'],
  ['destinations'],
  ['journal', 'tls', 'config', 'http'],
  ['log', 'schedule', 'os'],
  ['idmef'],
  ['core'],
];

/** The one folder of src that imports each package. */
const owners: Readonly<Record<string, string>> = {
  undici: 'http',
  pino: 'log',
  'prom-client': 'log',
  croner: 'schedule',
  'yargs-parser': 'cli',
  dotenv: 'config',
  yaml: 'config',
  'fast-xml-parser': 'idmef',
  xmlbuilder2: 'idmef',
  re2js: 'idmef',
  '@photostructure/sqlite': 'journal',
  'node:sqlite': 'journal',
  zod: 'dispatcher',
  liquidjs: 'dispatcher',
  nodemailer: 'dispatcher',
  'smtp-server': 'dispatcher',
  'postal-mime': 'dispatcher',
};

const topLevel = new Set(
  [
    '.ci .gitignore .npmrc .oxlintrc.json .prettierignore .prettierrc.json ARCHITECTURE.md CHANGELOG.md LICENSE',
    'README.md SECURITY.md certs config firewalld knip.json package-lock.json package.json src systemd test',
    'tsconfig.dist.json tsconfig.json',
  ].flatMap((line) => line.split(' ')),
);

const files = readProject(projectRoot());
const sources = files.filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts'));
const code = files.filter(({ path }) => /^(?:src|test)\/.*\.(?:ts|mjs)$/.test(path));

function check(subjects: readonly SourceFile[], fault: (file: SourceFile) => string | undefined): void {
  const faults = subjects.flatMap((file) => {
    const text = fault(file);
    return text === undefined ? [] : [`${file.path}: ${text}`];
  });
  assert.deepEqual(faults, []);
}

function imports(text: string): string[] {
  const pattern = /(?:\bfrom |\bimport |\bimport\()'([^'\n]+)'/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** `src/journal/core.ts` → `journal`. */
function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}

describe('layers', () => {
  test('every folder of src has a row', () => {
    const folders = new Set(sources.map(({ path }) => folderOf(path)));
    const known = new Set(rows.flat());
    assert.deepEqual(
      [...folders].filter((folder) => !known.has(folder)),
      [],
    );
  });

  test('imports point downwards, siblings do not know each other', () => {
    const rank = new Map(rows.flatMap((row, index) => row.map((folder) => [folder, index] as const)));
    check(sources, ({ path, text }) => {
      const own = folderOf(path);
      return imports(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => folderOf(posix.join(posix.dirname(path), specifier)))
        .find((folder) => folder !== own && (rank.get(folder) ?? 0) <= (rank.get(own) ?? 0));
    });
  });

  test('each package enters through one folder', () => {
    check(sources, ({ path, text }) =>
      imports(text)
        .filter((specifier) => !specifier.startsWith('.'))
        .map((specifier) =>
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .find((name) => {
          if (owners[name] !== undefined) return owners[name] !== folderOf(path);
          return !name.startsWith('node:');
        }),
    );
  });

  test('the linter knows the same layers', () => {
    const config: unknown = JSON.parse(files.find(({ path }) => path === '.oxlintrc.json')?.text ?? '');
    const overrides =
      typeof config === 'object' && config !== null && 'overrides' in config && config.overrides;
    const expected = rows.flatMap((row, index) =>
      row.map((folder) => {
        const above = rows.slice(0, index + 1).flat();
        const forbidden = above.filter((other) => other !== folder);
        const paths = Object.entries(owners)
          .filter(([, owner]) => owner !== folder)
          .map(([name, owner]) => ({ name, message: `only src/${owner} imports it` }));
        const regex = `^(?:\\.\\./)+(?:${forbidden.join('|')})/`;
        const patterns =
          forbidden.length === 0
            ? []
            : [{ regex, message: 'imports point downwards only (ARCHITECTURE.md)' }];
        return {
          files: [`src/${folder}/**`],
          rules: { 'no-restricted-imports': ['error', { paths, patterns }] },
        };
      }),
    );
    assert.deepEqual(overrides, expected);
  });
});

describe('files', () => {
  test('the root holds what belongs there', () => {
    const found = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
    assert.deepEqual(
      [...found].filter((name) => !topLevel.has(name)),
      [],
    );
  });

  test('have at most 300 lines in src, but for the tables of limits, of Prelude’s model and of the dispatcher’s verbs', () =>
    check(sources, ({ path, text }) => {
      const lines = text.trimEnd().split('\n').length;
      const tables = ['src/core/limits.ts', 'src/idmef/prelude/table.ts', 'src/cli/dispatcher/tables.ts'];
      return lines > 300 && !tables.includes(path) ? `${lines} lines` : undefined;
    }));

  test('open with a comment that says what they are for', () =>
    check(code, ({ text }) => {
      const head = text.replace(/^#!.*\n/, '');
      return /^\/\*\*\n? ?\*? ?\S/.test(head) ? undefined : head.split('\n')[0];
    }));

  test('are named in kebab-case', () =>
    check(code, ({ path }) => {
      const name = path.split('/').at(-1) ?? '';
      return /^[a-z0-9-]+(?:\.test|\.good|\.bad)?\.(?:ts|mjs)$/.test(name) ? undefined : name;
    }));

  test('hold no leftovers', () =>
    check(sources, ({ text }) => /\bconsole\.[a-z]+\(|\bdebugger;|\b(?:TODO|FIXME|XXX)\b/.exec(text)?.[0]));

  test('import with endings, without default exports', () =>
    check(
      code.filter(({ path }) => path.endsWith('.ts')),
      ({ text }) =>
        imports(text).find(
          (specifier) => /^\.\.?\//.test(specifier) && !/\.(?:ts|mjs|json)$/.test(specifier),
        ) ?? /^export default\b/m.exec(text)?.[0],
    ));

  test('name no path of the machine they were written on, and no registry', () => {
    check(
      files.filter(({ path }) => path !== 'test/tidy.test.ts'),
      ({ text }) => /\/(?:work|root|home\/[a-z]+)\/|registry\.npmjs/.exec(text)?.[0],
    );
    check(
      files.filter(({ path }) => path === 'package-lock.json'),
      ({ text }) => /"resolved".*/.exec(text)?.[0],
    );
  });
});

describe('purity', () => {
  const inner = (...folders: string[]): SourceFile[] =>
    sources.filter(({ path }) => folders.includes(folderOf(path)));

  test('only src/config reads the environment', () =>
    check(
      sources.filter(({ path }) => folderOf(path) !== 'config'),
      ({ text }) => /\bprocess\.env\b/.exec(text)?.[0],
    ));

  test('core and idmef know no clock, no chance and no outside', () =>
    check(
      inner('core', 'idmef'),
      ({ text }) =>
        /\bDate\.now\b|\bMath\.random\b|\bprocess\.|\bperformance\.now\b|'node:(?:fs|net|os)/.exec(text)?.[0],
    ));

  test('nothing ends the process but src/bin and src/cli', () =>
    check(
      sources.filter(({ path }) => !['bin', 'cli'].includes(folderOf(path))),
      ({ text }) => /\bprocess\.exit\b/.exec(text)?.[0],
    ));
});
