/**
 * The INSERT statements of what is written for every message and every call, for 1, 2, 4 … 32 rows each. Their texts are
 * long: to make them for each batch would cost as much as to bind the values. Part of the ledger; used through rows.ts.
 */

/** Rows of one statement at most. */
export const MOST_ROWS = 32;

export class Insert {
  /** Values of one row. */
  readonly width: number;
  readonly #texts: ReadonlyMap<number, string>;

  /**
   * @param columns their names, a blank between
   * @param zeros columns that are 0 in every new row
   */
  constructor(table: string, columns: string, zeros = '') {
    const names = columns.split(' ');
    const constant = zeros === '' ? [] : zeros.split(' ');
    const head = `INSERT INTO ${table}(${[...names, ...constant].join(', ')}) VALUES`;
    const row = `(${[...names.map(() => '?'), ...constant.map(() => '0')].join(',')})`;
    const texts = new Map<number, string>();
    for (let rows = 1; rows <= MOST_ROWS; rows *= 2) {
      texts.set(rows, head + Array.from({ length: rows }, () => row).join(','));
    }
    this.width = names.length;
    this.#texts = texts;
  }

  /** `rows`: a power of two. */
  text(rows: number): string {
    const text = this.#texts.get(rows);
    if (text === undefined) throw new RangeError(`no statement for ${rows} rows`);
    return text;
  }
}

export class Inserts {
  readonly message = new Insert(
    'message',
    'seq id at heartbeat severity conflict config created_at len messageid analyzer classification source target origin incidents',
  );
  readonly body = new Insert('body', 'seq crc32 body verbatim');
  readonly seen = new Insert('seen', 'origin sequence hash seq at');
  readonly ident = new Insert('ident', 'bucket id seq hash');
  readonly pair = new Insert(
    'pair',
    'seq recipient state rank priority not_before fresh route reason detail incident',
    'attempts flags notification',
  );
  readonly incident = new Insert(
    'incident',
    'id key title state severity first_at last_at count window_ms check_at gravest notified closed_by closed_at',
  );
  readonly member = new Insert('member', 'incident seq');
  readonly carried = new Insert('carried', 'notification seq previous');
  readonly notified = new Insert('notified', 'incident recipient gravity due_at until interval_ms');
}
