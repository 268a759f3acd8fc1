/** A binary heap: the entry with the smallest key first. For what is due next (due-queue.ts). */

export class MinHeap<T> {
  readonly #entries: { readonly key: number; readonly value: T }[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** Smallest key, or undefined when empty. */
  get firstKey(): number | undefined {
    return this.#entries[0]?.key;
  }

  push(key: number, value: T): void {
    const entries = this.#entries;
    const entry = { key, value };
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent];
      if (above === undefined || above.key <= key) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  pop(): T | undefined {
    const entries = this.#entries;
    const top = entries[0];
    const moved = entries.pop();
    if (top === undefined || moved === undefined || entries.length === 0) return top?.value;
    let index = 0;
    for (;;) {
      const left = entries[2 * index + 1];
      const right = entries[2 * index + 2];
      if (left === undefined) break;
      const rightIsLess = right !== undefined && right.key < left.key;
      const least = rightIsLess ? right : left;
      if (least.key >= moved.key) break;
      entries[index] = least;
      index = 2 * index + (rightIsLess ? 2 : 1);
    }
    entries[index] = moved;
    return top.value;
  }
}
