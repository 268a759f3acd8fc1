/**
 * The shape of the option tables, one per command, from which everything else is made: the parser, `--help`,
 * the example files of config/, and the keys of environment files. test/cli/drift.test.ts holds them and
 * README.md together, both ways.
 *
 * Tables: reverse-server-options.ts, http-proxy-options.ts, idmef-options.ts. A table says what a value looks
 * like; how values depend on each other is the business of the configuration builders beside it.
 */

/**
 * flag: present or not. count: repeatable (`-vv`). file, dir: paths. integer, seconds: within min and max.
 * duration: `30s`, `15m`, `24h`, `7d`, to milliseconds; 0 alone needs no unit.
 * size: bytes with K, M, G, T. free: a size, a percentage, or both. names: text, repeatable.
 */
export type OptionKind =
  | 'flag'
  | 'count'
  | 'text'
  | 'file'
  | 'dir'
  | 'integer'
  | 'seconds'
  | 'duration'
  | 'size'
  | 'free'
  | 'url'
  | 'choice';

export interface Option {
  /** Long name without dashes. In environment files: upper case, underscores. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  readonly kind: OptionKind;
  /** What stands for the value in help. */
  readonly value?: string;
  /** May be given more than once; each occurrence adds a value. */
  readonly list?: true;
  readonly required?: true;
  /** As an operator would write it; undefined: nothing. */
  readonly default?: string;
  /** Shown instead of `default`, when that depends on circumstances. */
  readonly defaultText?: string;
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** One line, lower case, at most 50 characters: it has to fit 80 columns beside the name. */
  readonly help: string;
  /** Further sentences for `--help-all` and the example files. */
  readonly more?: string;
  /** A value worth showing in an example file. */
  readonly example?: string;
  /** Flags of the moment, not settings: refused in environment files. */
  readonly momentary?: true;
  /** Belongs to the process, not to one of its profiles. */
  readonly processWide?: true;
  /** Shown by `--help`; the others by `--help-all`. */
  readonly brief?: true;
  /** A name the Python relay had. */
  readonly seed?: true;
}

export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

export interface CommandTable {
  /** As typed: `reverse-server`, `idmef validate`. */
  readonly command: string;
  /** What follows the command in the usage line. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  readonly options: readonly Option[];
  /** Name of what may follow the options, e.g. `FILE`; undefined: nothing may. */
  readonly operands?: string;
  readonly exits: readonly ExitCode[];
  /** Reads environment files, in which its options have keys. */
  readonly settingsFile?: true;
  /** A monitoring plugin: what keeps it from working is said on stdout, as UNKNOWN, exit 3. */
  readonly plugin?: true;
  /** Listed in its help instead of exit codes. */
  readonly subcommands?: readonly { readonly command: string; readonly summary: string }[];
}

/** Options every command has. */
export const commonOptions: readonly Option[] = [
  { name: 'help', short: 'h', kind: 'flag', help: 'show this and exit', momentary: true, brief: true },
  {
    name: 'help-all',
    kind: 'flag',
    help: 'show all options with defaults and keys',
    momentary: true,
    brief: true,
  },
  { name: 'version', kind: 'flag', help: 'show the version and exit', momentary: true, brief: true },
];

/** Key of an option in an environment file. */
export function environmentKey(option: Option): string {
  return option.name.toUpperCase().replaceAll('-', '_');
}

export function takesValue(option: Option): boolean {
  return option.kind !== 'flag' && option.kind !== 'count';
}
