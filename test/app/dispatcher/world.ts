/** A service in this process with a machine, a person and a webhook to a provider that is played; its configuration can be changed. */

import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import type { Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { fakeProvider, type FakeProvider } from '../../dispatcher/sinks/fake-provider.ts';
import { https, startService, type Posted, type Service } from '../../dispatcher/acceptance/service.ts';

export type Config = Record<string, Record<string, unknown>>;

export interface World {
  readonly dir: string;
  readonly service: Service;
  /** Of the webhook. */
  readonly hook: FakeProvider;
  readonly config: Config;
  readonly configFile: string;
  /** Writes the file, and lets the service take it up; the problems. */
  reload(config: Config): Promise<readonly string[]>;
  /** An alert with this classification, by a certificate. */
  alert(classification: string, severity?: string): Promise<Posted>;
  /** The service ends, and another one starts on the same directory. */
  restart(): Promise<World>;
}

export interface WorldOptions {
  readonly pki: Pki;
  readonly dir?: string;
  readonly hook?: FakeProvider;
  readonly edit?: (config: Config, dir: string) => void;
}

export async function startWorld(t: TestContext, options: WorldOptions): Promise<World> {
  const { pki, dir = tempDir(t), edit = () => undefined } = options;
  const hook = options.hook ?? (await fakeProvider(t));
  mkdirSync(join(dir, 'files'), { recursive: true });
  const config: Config = {
    sources: { https: https(pki, { allow_producer: ['*'], allow_monitor: ['*'] }) },
    endpoints: {
      disk: { type: 'file', dir: join(dir, 'files') },
      hook: { type: 'webhook', url: hook.base },
    },
    recipients: {
      archive: { endpoint: 'disk' },
      siem: { endpoint: 'hook' },
      soc: { endpoint: 'disk', file: 'soc.jsonl', audience: 'people' },
    },
    route: { to: ['archive', 'siem'], routes: [{ when: 'alert', to: ['soc'], group_wait: '0' }] },
  };
  edit(config, dir);
  const service = await startService(t, { pki, config, dir });
  const configFile = join(dir, 'dispatcher.yml');
  return {
    dir,
    service,
    hook,
    config,
    configFile,
    async reload(next) {
      writeFileSync(configFile, JSON.stringify(next, null, 2));
      const problems = await service.dispatcher.reload();
      return problems.map(({ path, text }) => (path === '' ? text : `${path}: ${text}`));
    },
    alert: async (classification, severity = 'high') =>
      await service.post({
        headers: { 'content-type': 'text/xml' },
        body: document(classification, severity),
        as: pki.client,
      }),
    async restart() {
      await service.close();
      return await startWorld(t, { ...options, dir, hook });
    },
  };
}

/** Each with an id of its own. */
export function document(classification: string, severity = 'high'): string {
  return `<?xml version="1.0"?>
<idmef:IDMEF-Message xmlns:idmef="http://iana.org/idmef" version="1.0">
<idmef:Alert messageid="${randomUUID()}"><idmef:Analyzer analyzerid="ids1"/>
<idmef:CreateTime ntpstamp="0xe9e31ec9.0x0">2024-05-06T07:08:09Z</idmef:CreateTime>
<idmef:Source><idmef:Node><idmef:Address category="ipv4-addr"><idmef:address>198.51.100.7</idmef:address></idmef:Address></idmef:Node></idmef:Source>
<idmef:Classification text="${classification}"/>
<idmef:Assessment><idmef:Impact severity="${severity}"/></idmef:Assessment></idmef:Alert></idmef:IDMEF-Message>`;
}
