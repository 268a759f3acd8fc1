/** A port of loopback that nobody listens on now, for foreign servers that cannot be asked for any. */

import { createServer } from 'node:net';

import { portOf } from './https-host.ts';

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const port = portOf(server);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}
