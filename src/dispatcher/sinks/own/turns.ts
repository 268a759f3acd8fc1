/** Turns at something that does one thing at a time: a file, a script, a session. Called by the sinks beside it. */

/** Runs one after the other what is given to it. */
export function oneByOne(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return await turn;
  };
}
