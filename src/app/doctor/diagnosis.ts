/**
 * The shape of the table of diagnoses (diagnoses.ts): what a row says, and how a row of another layer's table
 * becomes one. Used by peer-diagnoses.ts and host-diagnoses.ts.
 */

/** fault: alerts do not get through, or soon will not. warn: they do, and somebody should look all the same. */
export type Level = 'fault' | 'warn';

export interface Diagnosis {
  readonly level: Level;
  /** One sentence with `{placeholders}`: lower case, no full stop, names file or peer and the cause. */
  readonly what: string;
  /** How to mend it, with the same placeholders. */
  readonly remedy: string;
}

export function fault(what: string, remedy: string): Diagnosis {
  return { level: 'fault', what, remedy };
}

export function warn(what: string, remedy: string): Diagnosis {
  return { level: 'warn', what, remedy };
}

/** Rows whose words belong to the layer that meets the fault: src/http, src/poller. They follow the peer's name. */
export function facedBy<Name extends string>(
  rows: Readonly<Record<Name, { readonly text: string; readonly hint?: string }>>,
): Readonly<Record<Name, Diagnosis>> {
  const entries = Object.entries<{ readonly text: string; readonly hint?: string }>(rows).map(
    ([name, { text, hint }]) => [name, fault(`{peer} ${text}`, hint ?? 'try again; its log may say more')],
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same names, by construction
  return Object.fromEntries(entries) as Record<Name, Diagnosis>;
}
