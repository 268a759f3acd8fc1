/**
 * Every diagnosis `idmef doctor` knows, by its stable name: `idmef doctor --list` prints this table, `--json` and
 * scripts rely on the names. Used by examination.ts, which fills the placeholders.
 *
 * Names are never reused for another fault. test/app/doctor/ injects them.
 */

import type { Diagnosis } from './diagnosis.ts';
import { hostDiagnoses } from './host-diagnoses.ts';
import { peerDiagnoses } from './peer-diagnoses.ts';

export type DiagnosisName = keyof typeof hostDiagnoses | keyof typeof peerDiagnoses;

export const diagnoses: Readonly<Record<DiagnosisName, Diagnosis>> = { ...hostDiagnoses, ...peerDiagnoses };

export function isDiagnosis(name: string | undefined): name is DiagnosisName {
  return name !== undefined && Object.hasOwn(diagnoses, name);
}

/** The table for people, or one JSON object a row. */
export function listDiagnoses(json: boolean): string {
  return Object.entries(diagnoses)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { level, what, remedy }]) =>
      json
        ? `${JSON.stringify({ name, level, what, remedy })}\n`
        : `${name} (${level})\n    ${what}\n    remedy: ${remedy}\n`,
    )
    .join('');
}
