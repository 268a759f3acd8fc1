/**
 * What is wrong with a configuration, and where: file, line, the keys that lead there, one clause. All there are of a kind (what cannot
 * be read, then what does not fit together) are found in one go. A configuration with problems is not used; the one in force stays.
 */

export interface ConfigProblem {
  /** A file's path, or `database`; '' when the text says where. */
  readonly file: string;
  /** From 1; undefined in the database. */
  readonly line?: number;
  readonly column?: number;
  /** `recipients.soc.chat`; '' for the whole. */
  readonly path: string;
  /** One clause, lower case, no full stop. */
  readonly text: string;
}

/** `/etc/x.yml:12: recipients.soc.chat: must be a number`. */
export function problemLine({ file, line, path, text }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return [place, path, text].filter((part) => part !== '').join(': ');
}

/** The first of them, and how many more there are. */
export function problemsText([first, ...more]: readonly ConfigProblem[]): string {
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return first === undefined ? '' : `${problemLine(first)}${rest}`;
}
