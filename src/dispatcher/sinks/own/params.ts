/**
 * What the parameters of these sinks have in common: lists, yes and no, files of a TLS client.
 *
 * Lists may be written as AlertGateway did, `a@x, b@x`. Parameters as a whole are read by sinks/read-params.ts.
 */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import type { Endpoint } from '../../model/recipient.ts';

export const list = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

export function listOf(value: z.infer<typeof list> | undefined): readonly string[] {
  if (value === undefined) return [];
  const items = typeof value === 'string' ? value.split(',') : value;
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

/** YAML 1.2 reads `yes` as a text. */
export const flag = z.union([z.boolean(), z.enum(['yes', 'no'])]);

export function isYes(value: z.infer<typeof flag> | undefined): boolean {
  return value === true || value === 'yes';
}

export const port = z.number().int().min(1).max(65_535);

export interface TlsFileNames {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** What every endpoint may say of its TLS (`ca_file`, `client_cert`, `client_key`). Throws RelayError CONFIG for half a pair, and for files named by somebody who may not say which files are read. */
export function tlsFilesOf(endpoint: Endpoint): TlsFileNames {
  const { caFile, clientCert: certFile, clientKey: keyFile } = endpoint;
  const where = `endpoint ${endpoint.name}`;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new RelayError('CONFIG', `${where}: client_cert and client_key go together`);
  }
  if (endpoint.provenance === 'database' && (caFile !== undefined || certFile !== undefined)) {
    throw new RelayError('CONFIG', `${where}: ca_file and client_cert are for the configuration file only`, {
      hint: 'declare the endpoint in dispatcher.yml',
    });
  }
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
}
