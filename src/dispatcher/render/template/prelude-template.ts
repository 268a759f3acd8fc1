/**
 * Prelude-manager's mail templates → Liquid: `$alert.classification.text` becomes a `path`, `#if $alert.x` … `#end if` an `if`.
 *
 * Called by renderer.ts and check-template.ts: such a template is taken as it is. Prelude's rules are kept: several values are joined
 * with `, `, a path without value is nothing, `#if` asks whether there is one; lines with `#if` and `#end if` are no lines of the text.
 */

const PATH = String.raw`\$((?:alert|heartbeat)(?:\.[a-z_]+(?:\((?:-?\d+|\*)\))?)+)`;
const paths = new RegExp(PATH, 'g');
const condition = new RegExp(String.raw`^\s*#if\s+${PATH}\s*$`);

/** Liquid of either; one of Prelude's has its paths, and nothing of Liquid. */
export function liquidOf(template: string): string {
  return template.search(paths) >= 0 && !/\{[{%]/.test(template) ? fromPrelude(template) : template;
}

function fromPrelude(text: string): string {
  const lines = text.split(/\r?\n/);
  return lines
    .map((line, index) => {
      const [, path] = condition.exec(line) ?? [];
      if (path !== undefined) return `{% assign found = ${value(path)} %}{% if found != "" %}`;
      if (/^\s*#end\s*if\s*$/.test(line)) return '{% endif %}';
      const end = index === lines.length - 1 ? '' : '\n';
      return line.replaceAll(paths, (_, each: string) => `{{ ${value(each)} }}`) + end;
    })
    .join('');
}

function value(path: string): string {
  return `alert | path: "${path}"`;
}
