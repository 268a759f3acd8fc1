/**
 * Prelude-manager's mail templates → Liquid: `$alert.classification.text` becomes a `path`, `#if $alert.x` … `#end if` an `if`.
 *
 * Called by importers. Prelude's rules are kept: several values are joined with `, `, a path without value is nothing, `#if` asks
 * whether there is one; lines with `#if` and `#end if` are no lines of the text. Everything else stays as it is.
 */

const PATH = String.raw`\$((?:alert|heartbeat)(?:\.[a-z_]+(?:\((?:-?\d+|\*)\))?)+)`;

export function fromPreludeTemplate(text: string): string {
  const lines = text.split(/\r?\n/);
  return lines
    .map((line, index) => {
      const end = index === lines.length - 1 ? '' : '\n';
      const [, condition] = new RegExp(String.raw`^\s*#if\s+${PATH}\s*$`).exec(line) ?? [];
      if (condition !== undefined) return `{% assign found = ${value(condition)} %}{% if found != "" %}`;
      if (/^\s*#end\s*if\s*$/.test(line)) return '{% endif %}';
      return textLine(line) + end;
    })
    .join('');
}

/** Braces of Liquid in Prelude's text are text. */
function textLine(line: string): string {
  return line
    .replaceAll(/\{\{|\{%/g, (open) => `{{ "${open}" }}`)
    .replaceAll(new RegExp(PATH, 'g'), (_, path: string) => `{{ ${value(path)} }}`);
}

function value(path: string): string {
  return `alert | path: "${path}"`;
}
