/**
 * Takes the complete messages out of a document that ends too early, because an old server has forgotten
 * what it began to send.
 *
 * Called by old-server.ts for answers that broke off. Cuts behind the last end tag of an Alert or Heartbeat
 * and closes the root; whether that is a document is for the reader to say.
 */

/** The mended document and where it was cut, or undefined when no message is complete. */
export function salvage(body: Buffer): { readonly document: Buffer; readonly cut: number } | undefined {
  const root = /<([A-Za-z_][\w.-]*:)?IDMEF-Message[\s>]/.exec(body.toString('latin1', 0, 4096));
  if (root === null) return undefined;
  const prefix = root[1] ?? '';
  const cut = Math.max(endOfLast(body, `</${prefix}Alert`), endOfLast(body, `</${prefix}Heartbeat`));
  if (cut < 0) return undefined;
  return { document: Buffer.concat([body.subarray(0, cut), Buffer.from(`</${prefix}IDMEF-Message>`)]), cut };
}

function endOfLast(body: Buffer, tag: string): number {
  for (let at = body.lastIndexOf(tag); at >= 0; at = at === 0 ? -1 : body.lastIndexOf(tag, at - 1)) {
    const end = /^\s*>/.exec(body.toString('latin1', at + tag.length, at + tag.length + 16));
    if (end !== null) return at + tag.length + end[0].length;
  }
  return -1;
}
