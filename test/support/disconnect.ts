/** A client that asks, takes at least so many bytes of the answer, and goes away in one of four ways. */

import { fileURLToPath } from 'node:url';

import { startNode } from './program.ts';
import { rawClient } from './raw-client.ts';
import type { World } from './world.ts';

export type Way = 'reset' | 'close' | 'half-close' | 'kill';

/** `kill` asks for everything, whatever the request. */
export async function disconnect(world: World, way: Way, request: string, bytes: number): Promise<void> {
  const { pki, sensorPort } = world;
  if (way === 'kill') {
    const script = fileURLToPath(new URL('../e2e/slow-client.js', import.meta.url));
    const { certFile, keyFile } = pki.client;
    const client = startNode([script, String(sensorPort), certFile, keyFile, pki.caFile, String(bytes)]);
    await client.line(/^taken \d+$/);
    await client.kill('SIGKILL');
    return;
  }
  const client = await rawClient(sensorPort, pki);
  client.send(request);
  await client.received(bytes);
  client.socket.pause();
  if (way === 'reset') client.reset();
  else if (way === 'close') client.socket.destroy();
  else {
    client.socket.end();
    // What is left of the connection goes later: the half-close itself must not be taken for a receipt.
    setTimeout(() => client.socket.destroy(), 20);
  }
}
