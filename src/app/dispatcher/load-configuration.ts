/**
 * Files and stored settings → a configuration, with the sink types that own modules add. The I/O around src/dispatcher/config/load-config.ts;
 * used by the service, by `check` and by commands that work without it.
 */

import { hostname } from 'node:os';

import { parseYaml } from '../../config/yaml-text.ts';
import { parsePath } from '../../idmef/criteria/paths.ts';
import {
  type ConfigFile,
  loadConfig,
  type LoadedConfig,
  type StoredSettings,
} from '../../dispatcher/config/load-config.ts';
import { readConfigFiles, readTemplate, secretFiles } from '../../dispatcher/config/read-files.ts';
import type { ConfigProblem } from '../../dispatcher/config/problem.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { sinkTypes, type SinkTypeDeps } from './sink-types.ts';

export interface ConfigurationPlace {
  readonly configFile: string;
  readonly credentialsDirectory?: string;
  /** Secrets need not be there. */
  readonly withoutFiles?: boolean;
}

export type LoadedConfiguration = {
  readonly types: ReadonlyMap<string, SinkType>;
} & LoadedConfig;

/** Throws RelayError CONFIG when the main file cannot be read at all, or a module is not to be trusted. */
export async function loadConfiguration(
  place: ConfigurationPlace,
  stored: StoredSettings,
  deps: SinkTypeDeps,
): Promise<LoadedConfiguration> {
  const files = readConfigFiles(place.configFile);
  const types = await sinkTypes(modulesDirectory(files), deps);
  const loaded = loadConfig(files, stored, {
    types,
    secrets: secretFiles(place.credentialsDirectory, place.withoutFiles === true),
    readTemplate,
    pathFault,
    hostname: hostname(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  if (!loaded.ok) return { ...loaded, types };
  const problems = pairProblems(loaded.config, types);
  return problems.length > 0 ? { ok: false, problems, types } : { ...loaded, types };
}

/** Looked at before the whole is read: what the modules declare decides what is valid. */
function modulesDirectory(files: readonly ConfigFile[]): string | undefined {
  for (const { path, text } of files) {
    const yaml = parseYaml(text, path);
    if (!yaml.ok || typeof yaml.value !== 'object' || yaml.value === null) continue;
    if ('modules_dir' in yaml.value && typeof yaml.value.modules_dir === 'string')
      return yaml.value.modules_dir;
  }
  return undefined;
}

function pathFault(text: string): string | undefined {
  const full = /^(?:alert|heartbeat)\./.test(text) ? text : `alert.${text}`;
  const parsed = parsePath(full);
  return parsed.ok ? undefined : parsed.text;
}

/** What each of endpoint and recipient has right, and the two together have not. */
function pairProblems(config: DispatcherConfig, types: ReadonlyMap<string, SinkType>): ConfigProblem[] {
  const endpoints = new Map(config.endpoints.map((endpoint) => [endpoint.name, endpoint]));
  return config.recipients.flatMap((recipient) => {
    const endpoint = endpoints.get(recipient.endpoint);
    const text = endpoint === undefined ? undefined : types.get(endpoint.type)?.check?.(endpoint, recipient);
    if (text === undefined) return [];
    return [{ file: recipient.provenance, path: `recipients.${recipient.name}`, text }];
  });
}
