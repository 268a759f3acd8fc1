/** What befell a store when it was opened, in words: for the log of the service, and for whoever runs a command on it. */

import type { StoreLoss, StoreSetAside } from '../../dispatcher/store/options.ts';

export function setAsideText({ path, reason, salvaged }: StoreSetAside): string {
  const lost = Object.values(salvaged?.lost ?? {}).reduce((sum, count) => sum + count, 0);
  const words =
    salvaged === undefined
      ? 'its salvage was finished'
      : `${salvaged.messages} messages and ${salvaged.pairs} deliveries salvaged, ${lost} deliveries lost`;
  return `the store was damaged (${reason}): ${words}; the old file is kept as ${path}`;
}

export function lossText({ seq, recipient, reason }: StoreLoss): string {
  return `delivery of message ${seq} to ${recipient} is lost: ${reason}`;
}
