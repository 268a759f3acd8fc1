/**
 * TLS of an endpoint: whom it trusts (`ca_file`, else the authorities built into Node) and what it shows (`client_cert`, `client_key`).
 *
 * Called by http-sink.ts when a sink is made, so that a missing file is found by `check`. An explicit CA replaces every other trust; the
 * built-in list is named explicitly, because OpenSSL's default would let the environment add to it.
 */

import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, rootCertificates, type SecureContextOptions } from 'node:tls';

import { RelayError, messageOf, systemCode } from '../../../core/errors.ts';
import { outboundLimits } from '../../../core/limits.ts';
import { lazy } from '../../../idmef/lazy.ts';
import type { ClientTls } from '../../../http/peer.ts';
import { pemBlocks } from '../../../tls/pem.ts';
import type { Endpoint } from '../../model/recipient.ts';

/** Throws RelayError TLS_FILE naming the endpoint and the file. */
export async function endpointTls(
  endpoint: Pick<Endpoint, 'name' | 'provenance' | 'caFile' | 'clientCert' | 'clientKey'>,
): Promise<ClientTls> {
  const { name, provenance, caFile, clientCert, clientKey } = endpoint;
  if (provenance === 'database' && (caFile ?? clientCert ?? clientKey) !== undefined) {
    throw new RelayError('CONFIG', `endpoint ${name}: files may be named in the configuration file only`, {
      hint: 'declare the endpoint in dispatcher.yml',
    });
  }
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw new RelayError('CONFIG', `endpoint ${name}: client_cert and client_key go together`);
  }
  const names = { certFile: clientCert ?? '(none)', caFile: caFile ?? 'the built-in list of authorities' };
  if (caFile === undefined && clientCert === undefined) {
    // 70 ms, and most of it for nothing where the URL is http: made when it is first asked for.
    const context = lazy(() => createSecureContext({ ca: [...rootCertificates], minVersion: 'TLSv1.2' }));
    return {
      ...names,
      get secureContext() {
        return context();
      },
    };
  }
  const files: SecureContextOptions = {
    ca: caFile === undefined ? [...rootCertificates] : await readAuthorities(name, caFile),
    ...(clientCert === undefined || clientKey === undefined
      ? {}
      : {
          cert: await read(name, 'client_cert', clientCert),
          key: await read(name, 'client_key', clientKey),
        }),
  };
  try {
    return { ...names, secureContext: createSecureContext({ ...files, minVersion: 'TLSv1.2' }) };
  } catch (error) {
    throw new RelayError(
      'TLS_FILE',
      `endpoint ${name}: its certificate files cannot be used (${messageOf(error)})`,
      { cause: error, hint: 'PEM is wanted, and a key that belongs to the certificate' },
    );
  }
}

/** OpenSSL passes over what is no certificate, and would then trust nobody. */
async function readAuthorities(endpoint: string, path: string): Promise<string[]> {
  const text = (await read(endpoint, 'ca_file', path)).toString('latin1');
  const certificates = pemBlocks(text).filter(({ label }) => label.endsWith('CERTIFICATE'));
  try {
    if (certificates.length === 0) throw new Error('no certificate is in it');
    for (const certificate of certificates) void new X509Certificate(certificate.text);
  } catch (error) {
    throw new RelayError(
      'TLS_FILE',
      `endpoint ${endpoint}: ca_file ${path} cannot be used (${messageOf(error)})`,
      {
        cause: error,
        hint: 'it must be a PEM file with the CERTIFICATE of an authority',
      },
    );
  }
  return certificates.map((certificate) => certificate.text);
}

async function read(endpoint: string, option: string, path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > outboundLimits.tlsFileBytes) throw new Error(`${size} bytes are too many`);
    return await readFile(path);
  } catch (error) {
    const code = systemCode(error);
    throw new RelayError(
      'TLS_FILE',
      `endpoint ${endpoint}: ${option} ${path} cannot be read (${code === '' ? messageOf(error) : code})`,
      { cause: error },
    );
  }
}
