/** Which server an endpoint names: `mail.example`, `smtp://mail.example:587`, `smtps://mail.example`. */

import { RelayError } from '../../../../core/errors.ts';
import { hostAndPort, isHost } from '../dial.ts';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'tls' | 'none';
  /** `mail server mail.example:587`, for sentences. */
  readonly label: string;
}

interface ServerParams {
  readonly server: string;
  readonly port?: number | undefined;
  readonly tls?: MailServer['tls'] | undefined;
  readonly user?: string | undefined;
}

/** Throws RelayError CONFIG. */
export function readServer(params: ServerParams, where: string): MailServer {
  const match =
    /^(?:(smtps?):\/\/)?(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+|[0-9A-Fa-f:]+:[0-9A-Fa-f:.]*)(?::(\d{1,5}))?\/?$/.exec(
      params.server,
    );
  const [, scheme, bracketed = '', written] = match ?? [];
  const host = bracketed.replace(/^\[|\]$/g, '');
  if (match === null || !isHost(host)) {
    throw new RelayError('CONFIG', `${where}: server names no host`, {
      hint: 'mail.example.org, or smtp://mail.example.org:587',
    });
  }
  const tls = params.tls ?? (scheme === 'smtps' ? 'tls' : 'starttls');
  if (scheme === 'smtps' && tls !== 'tls') {
    throw new RelayError('CONFIG', `${where}: smtps:// is TLS from the first byte, but tls says ${tls}`);
  }
  const usual = tls === 'tls' ? 465 : params.user === undefined ? 25 : 587;
  const port = params.port ?? (written === undefined ? usual : Number(written));
  if (port < 1 || port > 65_535) throw new RelayError('CONFIG', `${where}: server names no port: ${port}`);
  return { host, port, tls, label: `mail server ${hostAndPort(host, port)}` };
}
