/** `endpoints:` → Endpoint values, by the schemas of their sink types. */

import { z } from 'zod';

import { nearest } from '../../core/nearest.ts';
import { below, checkInput, type Fault, type KeyPath } from '../input/check-input.ts';
import type { Endpoint, Provenance } from '../model/recipient.ts';
import type { SinkType } from '../model/sink.ts';
import { endpointKeys } from './file-schema.ts';
import { resolveSecrets, type SecretFiles } from './secrets.ts';

const common = z.looseObject(endpointKeys);

export interface BuildContext {
  readonly types: ReadonlyMap<string, SinkType>;
  readonly files: SecretFiles;
  readonly provenance: Provenance;
}

export type Built<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly Fault[] };

export function buildEndpoint(
  name: string,
  content: z.output<typeof common>,
  at: KeyPath,
  { types, files, provenance }: BuildContext,
): Built<Endpoint> {
  const { type: typeName, proxy, ca_file, client_cert, client_key, ...own } = content;
  const type = types.get(typeName);
  if (type === undefined) {
    const meant = nearest(typeName, [...types.keys()]);
    const hint =
      meant === undefined ? "'alert-dispatcher endpoints types' lists them" : `did you mean ${meant}?`;
    return failed([{ path: [...at, 'type'], text: `there is no endpoint type '${typeName}'; ${hint}` }]);
  }
  if (type.fileOnly === true && provenance === 'database') {
    return failed([
      { path: [...at, 'type'], text: `${typeName} endpoints may come from the root-owned file only` },
    ]);
  }
  const { params, absent, faults } = resolveSecrets(own, type.secrets, at, files, provenance === 'database');
  if (faults.length > 0) return failed(faults);
  const parsed = checkInput(type.endpoint.strict(), params, [
    ...Object.keys(endpointKeys),
    ...fileKeys(type),
  ]);
  const wrong = parsed.ok ? [] : presentFaults(below(at, parsed.faults), at, absent);
  if (wrong.length > 0) return failed(wrong);
  return {
    ok: true,
    value: {
      name,
      type: typeName,
      params: parsed.ok ? parsed.value : params,
      provenance,
      ...(proxy === undefined ? {} : { proxy }),
      ...(ca_file === undefined ? {} : { caFile: ca_file }),
      ...(client_cert === undefined ? {} : { clientCert: client_cert }),
      ...(client_key === undefined ? {} : { clientKey: client_key }),
    },
  };
}

/** Without those of secrets that are not there. */
export function presentFaults(
  faults: readonly Fault[],
  at: KeyPath,
  absent: ReadonlySet<string>,
): readonly Fault[] {
  return faults.filter(({ path }) => !absent.has(String(path[at.length] ?? '')));
}

export function failed(faults: readonly Fault[]): { readonly ok: false; readonly faults: readonly Fault[] } {
  return { ok: false, faults };
}

function fileKeys(type: SinkType): string[] {
  return type.secrets.map((secret) => `${secret}_file`);
}
