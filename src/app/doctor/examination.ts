/**
 * One examined thing (a sensor, a destination, a state directory): its steps as they happen, on stdout, and what
 * was found. Made by src/app/doctor.ts for each; every check of this folder writes to one.
 *
 * As text a step is a line, and a finding two more: the sentence and its remedy. As JSON the whole is one object,
 * printed at the end.
 */

import type { RelayError } from '../../core/errors.ts';
import { fillTemplate, type TemplateValues } from '../../core/fill-template.ts';
import { escapeText } from '../../log/escape.ts';
import { diagnoses, isDiagnosis, type DiagnosisName } from './diagnoses.ts';
import type { Level } from './diagnosis.ts';

interface Step {
  /** `name`, `connection`, `tls`, … */
  readonly step: string;
  readonly status: 'ok' | Level;
  /** A finding's sentence, else what was seen. */
  readonly text: string;
  readonly diagnosis?: DiagnosisName;
  readonly remedy?: string;
}

export interface Examination {
  ok(step: string, text: string): Promise<void>;
  /** A finding in the words of the table. */
  find(step: string, name: DiagnosisName, values?: TemplateValues): Promise<void>;
  /** A finding in the words of the layer that met it; `values` for a remedy it does not know. */
  error(step: string, error: RelayError, name: DiagnosisName, values?: TemplateValues): Promise<void>;
  /** Number of faults so far; warnings do not count. */
  faults(): number;
  /** Prints what is printed at the end only. */
  end(): Promise<void>;
}

export interface ExaminationOptions {
  /** `sensor https://dmz1:3128/`. */
  readonly subject: string;
  readonly profile?: string;
  readonly json: boolean;
  readonly print: (text: string) => void | Promise<void>;
}

export async function beginExamination(options: ExaminationOptions): Promise<Examination> {
  const { subject, profile, json, print } = options;
  const steps: Step[] = [];
  const say = async (step: Step): Promise<void> => {
    steps.push(step);
    if (!json) await print(stepText(step));
  };
  const find = async (step: string, name: DiagnosisName, text: string, remedy: string): Promise<void> => {
    await say({ step, status: diagnoses[name].level, text, diagnosis: name, remedy });
  };
  if (!json) await print(`${escapeText(subject)}\n`);
  return {
    ok: (step, text) => say({ step, status: 'ok', text }),
    find: (step, name, values = {}) => {
      const { what, remedy } = diagnoses[name];
      return find(step, name, fillTemplate(what, values), fillTemplate(remedy, values));
    },
    error: (step, error, name, values = {}) => {
      const known = isDiagnosis(error.fault) ? error.fault : name;
      const remedy = error.hint ?? fillTemplate(diagnoses[known].remedy, values);
      return find(step, known, error.message, remedy);
    },
    faults: () => steps.filter(({ status }) => status === 'fault').length,
    end: async () => {
      if (!json) return;
      const healthy = steps.every(({ status }) => status !== 'fault');
      await print(
        `${JSON.stringify({ ...(profile === undefined ? {} : { profile }), subject, healthy, steps })}\n`,
      );
    },
  };
}

const words = { ok: 'ok   ', warn: 'warn ', fault: 'FAULT' } as const;

function stepText({ step, status, text, diagnosis, remedy }: Step): string {
  const head = `  ${words[status]}  ${step.padEnd(11)}  `;
  if (diagnosis === undefined) return `${head}${escapeText(text)}\n`;
  const indent = ' '.repeat(9);
  return `${head}${diagnosis}\n${indent}${escapeText(text)}\n${indent}remedy: ${escapeText(remedy ?? '')}\n`;
}
