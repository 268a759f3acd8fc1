/**
 * `{name}` in a text → its value: the form in which tables of sentences are written (src/http/connection-fault.ts,
 * src/app/doctor/diagnoses.ts), so that documentation can be made from them. Pure.
 */

export type TemplateValues = Readonly<Record<string, string | number>>;

/** A name without a value stays as it is: a test looks for braces in what is said. */
export function fillTemplate(template: string, values: TemplateValues): string {
  return template.replaceAll(/\{([A-Za-z]+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
