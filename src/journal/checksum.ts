/**
 * CRC-32 of a body, as stored beside it.
 *
 * Used by append.ts and bodies.ts. node:zlib is taken when there are bodies: an empty poll opens a journal too, and
 * loading the module costs it up to 2 ms. Ask once for a batch and not for each message: the asking is not free.
 */

export function loadChecksum(): (body: Uint8Array, before?: number) => number {
  return process.getBuiltinModule('node:zlib').crc32;
}
