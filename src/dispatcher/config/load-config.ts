/**
 * Files and database → one frozen configuration, or all that is wrong with them. Pure but for what it is handed: reading files is
 * read-files.ts's, secrets and templates come through ports. Called at start, at SIGHUP, by `check` and by every command
 * that changes endpoints, recipients or sources in the database.
 */

import { createHash } from 'node:crypto';

import { parseYaml } from '../../config/yaml-text.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import { checkInput, type Fault, type KeyPath, pathText } from '../input/check-input.ts';
import type { DispatcherConfig, Expectation, TimeInterval } from '../model/config.ts';
import type { Endpoint, Recipient } from '../model/recipient.ts';
import type { SinkType } from '../model/sink.ts';
import { buildEndpoint } from './build-endpoints.ts';
import { buildRecipient } from './build-recipients.ts';
import { buildRoute } from './build-route.ts';
import { buildSources, sourceNames } from './build-sources.ts';
import { checkReferences } from './check-references.ts';
import { databaseFaults, type DatabaseSettings, readDatabaseSettings } from './database-settings.ts';
import { type FileContent, fileSchema } from './file-schema.ts';
import { mergeFiles, type Merged, type ParsedFile } from './merge-files.ts';
import type { ConfigProblem } from './problem.ts';
import type { SecretFiles } from './secrets.ts';
import type { StoredSettings } from './stored-settings.ts';

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

export interface LoadDeps {
  readonly types: ReadonlyMap<string, SinkType>;
  readonly secrets: SecretFiles;
  readonly readTemplate: (path: string) => string;
  /** What is wrong with an IDMEF path, else undefined. */
  readonly pathFault: (path: string) => string | undefined;
  readonly hostname: string;
  readonly timeZone: string;
}

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: DispatcherConfig;
      /** Names that `sources enable|disable` knows. */
      readonly sourceNames: readonly string[];
      /** For what is found wrong afterwards: where it stands. */
      readonly placed: (fault: Fault) => ConfigProblem;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export function loadConfig(
  files: readonly ConfigFile[],
  stored: StoredSettings,
  deps: LoadDeps,
): LoadedConfig {
  const parsed: ParsedFile[] = [];
  const problems: ConfigProblem[] = [];
  for (const { path, text } of files) {
    const yaml = parseYaml(text, path);
    if (yaml.ok) parsed.push({ path, yaml });
    else problems.push({ file: path, line: yaml.line, column: yaml.column, path: '', text: yaml.text });
  }
  const merged = mergeFiles(parsed);
  problems.push(...merged.faults.map((fault) => placed(fault, fault.file)));
  const content = checkInput(fileSchema, merged.content);
  if (!content.ok) problems.push(...content.faults.map((fault) => placed(fault, merged.fileOf(fault.path))));
  if (problems.length > 0 || !content.ok) return { ok: false, problems };
  const fromDatabase = readDatabaseSettings(stored);
  const built = build(content.value, fromDatabase, deps, files, stored);
  problems.push(
    ...built.faults.map((fault) => placed(fault, merged.fileOf(fault.path))),
    ...built.databaseFaults.map(inDatabase),
  );
  if (problems.length > 0) return { ok: false, problems: inOrder(problems, merged) };
  return {
    ok: true,
    config: built.config,
    sourceNames: sourceNames(content.value.sources ?? {}),
    placed: (fault) =>
      isOfDatabase(fault.path, fromDatabase) ? inDatabase(fault) : placed(fault, merged.fileOf(fault.path)),
  };
}

interface Assembled {
  readonly config: DispatcherConfig;
  readonly faults: readonly Fault[];
  readonly databaseFaults: readonly Fault[];
}

function build(
  content: FileContent,
  database: DatabaseSettings,
  deps: LoadDeps,
  files: readonly ConfigFile[],
  stored: StoredSettings,
): Assembled {
  const faults: Fault[] = [];
  const stale: Fault[] = [...database.faults, ...databaseFaults(content, database)];
  const endpoints = new Map<string, Endpoint>();
  for (const [provenance, entries, into] of [
    ['file', Object.entries(content.endpoints ?? {}), faults],
    ['database', Object.entries(database.endpoints), stale],
  ] as const) {
    for (const [name, entry] of entries) {
      const made = buildEndpoint(name, entry, ['endpoints', name], {
        types: deps.types,
        files: deps.secrets,
        provenance,
      });
      if (made.ok) endpoints.set(name, made.value);
      else into.push(...made.faults);
    }
  }
  const failedEndpoints = new Set(
    [...faults, ...stale].filter(({ path }) => path[0] === 'endpoints').map(({ path }) => path[1]),
  );
  const recipients = new Map<string, Recipient>();
  for (const [provenance, entries, into] of [
    ['file', Object.entries(content.recipients ?? {}), faults],
    ['database', Object.entries(database.recipients), stale],
  ] as const) {
    for (const [name, entry] of entries) {
      // Said once: what is wrong with its endpoint.
      if (failedEndpoints.has(entry.endpoint)) continue;
      const made = buildRecipient(name, entry, ['recipients', name], {
        types: deps.types,
        endpoints,
        files: deps.secrets,
        provenance,
        timeZone: deps.timeZone,
        readTemplate: deps.readTemplate,
      });
      if (made.ok) recipients.set(name, made.value);
      else into.push(...made.faults);
    }
  }
  const known = new Set([...Object.keys(content.recipients ?? {}), ...Object.keys(database.recipients)]);
  const intervals = new Map<string, TimeInterval>(
    Object.entries(content.time_intervals ?? {}).map(([name, { zone, times }]) => [
      name,
      { name, timeZone: zone ?? deps.timeZone, windows: times },
    ]),
  );
  const { route, faults: routeFaults } = buildRoute(content.route, {
    recipients: known,
    intervals,
    pathFault: deps.pathFault,
  });
  const { sources, faults: sourceFaults } = buildSources(content.sources ?? {}, database.sourcesOff);
  faults.push(...routeFaults, ...sourceFaults);
  for (const fault of checkReferences(content, recipients, known)) {
    const [, name] = fault.path;
    const isStored = typeof name === 'string' && recipients.get(name)?.provenance === 'database';
    (isStored ? stale : faults).push(fault);
  }
  const text = files.map((file) => `# ${file.path}\n${file.text}`).join('\n');
  const hash = createHash('sha256').update(text).update(JSON.stringify(stored)).digest('hex');
  return {
    faults,
    databaseFaults: stale,
    config: {
      hash,
      text,
      endpoints: [...endpoints.values()],
      recipients: [...recipients.values()],
      route,
      expect: Object.entries(content.expect ?? {}).map(([name, one]) => expectation(name, one)),
      sources,
      retention: {
        maxAgeMs: content.retention?.age ?? dispatcherLimits.retentionMs,
        maxBytes: content.retention?.size ?? dispatcherLimits.retentionBytes,
      },
      outboundAllow: content.outbound_allow ?? [],
      instance: content.instance ?? deps.hostname,
      ...(content.report_to === undefined ? {} : { reportTo: content.report_to }),
      ...(content.modules_dir === undefined ? {} : { modulesDir: content.modules_dir }),
      ...(content.locales_dir === undefined ? {} : { localesDir: content.locales_dir }),
    },
  };
}

function expectation(
  name: string,
  { sensor, analyzer, within, severity }: NonNullable<FileContent['expect']>[string],
): Expectation {
  return {
    name,
    withinMs: within,
    severity,
    ...(sensor === undefined ? {} : { sensor }),
    ...(analyzer === undefined ? {} : { analyzer }),
  };
}

function placed({ path, text, atKey }: Fault, file: ParsedFile | undefined): ConfigProblem {
  if (file === undefined) return { file: 'configuration', path: pathText(path), text };
  const { line, column } = atKey === true ? file.yaml.locateKey(path) : file.yaml.locate(path);
  return { file: file.path, line, column, path: pathText(path), text };
}

function isOfDatabase([part, name]: KeyPath, database: DatabaseSettings): boolean {
  if (part !== 'endpoints' && part !== 'recipients') return false;
  return typeof name === 'string' && Object.hasOwn(database[part], name);
}

function inDatabase({ path, text }: Fault): ConfigProblem {
  return { file: 'database', path: pathText(path), text };
}

/** As somebody reads them: file by file, line by line. */
function inOrder(problems: readonly ConfigProblem[], merged: Merged): readonly ConfigProblem[] {
  const first = merged.fileOf([])?.path;
  return problems.toSorted(
    (a, b) =>
      Number(b.file === first) - Number(a.file === first) ||
      a.file.localeCompare(b.file) ||
      (a.line ?? 0) - (b.line ?? 0),
  );
}
