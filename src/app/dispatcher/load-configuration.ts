/**
 * Files and stored settings → a configuration, with the sink types that own modules add. The I/O around src/dispatcher/config/load-config.ts;
 * used by the service, by `check` and by commands that work without it.
 */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';

import { parseYaml } from '../../config/yaml-text.ts';
import { type ConfigFile, loadConfig, type LoadedConfig } from '../../dispatcher/config/load-config.ts';
import { readConfigFiles, readTemplate, secretFiles } from '../../dispatcher/config/read-files.ts';
import type { StoredSettings } from '../../dispatcher/config/stored-settings.ts';
import { parseGroupPath } from '../../dispatcher/route/tree.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { crossChecks } from './cross-checks.ts';
import { createSinkTypes, type SinkTypes } from './sink-types.ts';

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
  sinkTypes: SinkTypes,
): Promise<LoadedConfiguration> {
  const files = readConfigFiles(place.configFile);
  const types = await sinkTypes(modulesDirectory(files));
  const loaded = loadConfig(files, stored, {
    types,
    secrets: secretFiles(place.credentialsDirectory, place.withoutFiles === true),
    readTemplate,
    pathFault: (text) => {
      const path = parseGroupPath(text);
      return path.ok ? undefined : path.text;
    },
    hostname: hostname(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  if (!loaded.ok) return { ...loaded, types };
  const problems = await crossChecks(loaded.config, types, loaded.placed);
  return problems.length > 0 ? { ok: false, problems, types } : { ...loaded, types };
}

/** The sink types of a site, whatever else its configuration is; the built-in ones where there is none. */
export async function siteTypes(configFile: string): ReturnType<SinkTypes> {
  return await createSinkTypes()(
    existsSync(configFile) ? modulesDirectory(readConfigFiles(configFile)) : undefined,
  );
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
