/** The hooks a scenario must run at its end, newest first, whatever happened: what node:test's context is to a test. */

export class Endings {
  readonly #hooks: (() => unknown)[] = [];

  after(hook: () => unknown): void {
    this.#hooks.push(hook);
  }

  async run(): Promise<void> {
    for (const hook of this.#hooks.toReversed()) await hook();
  }
}

/** A scenario's work with its endings, which run whatever happens. */
export function withEndings<Context, Result>(
  work: (context: Context, endings: Endings) => Promise<Result>,
): (context: Context) => Promise<Result> {
  return async (context) => {
    const endings = new Endings();
    try {
      return await work(context, endings);
    } finally {
      await endings.run();
    }
  };
}
