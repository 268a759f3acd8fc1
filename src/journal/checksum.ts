/**
 * CRC-32 of a body, as stored beside it.
 *
 * Used by append.ts and bodies.ts. node:zlib is taken when there is a body: an empty poll opens a journal too, and
 * loading the module costs it 2 ms.
 */

export function checksum(body: Uint8Array): number {
  return process.getBuiltinModule('node:zlib').crc32(body);
}
