/** Where the sensor of the demonstration listens: the usual port, or a free one. */

import { createServer } from 'node:net';

/** Says so when it is not the usual one. */
export async function choosePort(usual: number, say: (text: string) => void): Promise<number> {
  if (await isFree(usual)) return usual;
  const free = await new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
  say(`port ${usual} is in use on this machine, taking ${free}`);
  return free;
}

async function isFree(wanted: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(wanted, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
