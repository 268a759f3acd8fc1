/**
 * What makes an endpoint another one, so that a reload makes its sink anew: its settings, and the certificate files they name, which may be
 * renewed under the same name.
 */

import type { Endpoint } from '../../dispatcher/model/recipient.ts';
import { fileStamp } from '../../tls/file-stamp.ts';

export function endpointIdentity(endpoint: Endpoint): string {
  const { caFile, clientCert, clientKey } = endpoint;
  const files = [caFile, clientCert, clientKey].filter((file) => file !== undefined);
  return JSON.stringify([endpoint, fileStamp(files)]);
}
