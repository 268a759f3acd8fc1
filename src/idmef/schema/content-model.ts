/**
 * The notation of content models (the DTD's) and the tree it stands for.
 *
 * Used by the DFA compiler (../validate/automata.ts) and by whatever walks the schema: the document generator of the tests,
 * the DTD printer. Models are ours and known to be correct, so a wrong one is a bug and throws.
 */

/** `?` at most one, `*` any number, `+` at least one. */
type Occurs = '?' | '*' | '+';

export type Particle =
  | { readonly kind: 'element'; readonly name: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Particle[] }
  | { readonly kind: 'choice'; readonly parts: readonly Particle[] }
  | { readonly kind: 'repeat'; readonly occurs: Occurs; readonly part: Particle };

type ContentModel =
  /** Text only. */
  | { readonly kind: 'text' }
  /** Nothing, not even white space. */
  | { readonly kind: 'empty' }
  /** Anything well-formed. */
  | { readonly kind: 'any' }
  | { readonly kind: 'children'; readonly particle: Particle };

/** The tree of one `content` of the schema table. */
export function parseContentModel(content: string): ContentModel {
  if (content === '#PCDATA') return { kind: 'text' };
  if (content === 'EMPTY') return { kind: 'empty' };
  if (content === 'ANY') return { kind: 'any' };
  const tokens = content.match(/[A-Za-z0-9-]+|[(),|?*+]/g) ?? [];
  let at = 0;

  const group = (): Particle => {
    const parts = [item()];
    const separator = tokens[at];
    while ((tokens[at] === ',' || tokens[at] === '|') && tokens[at] === separator) {
      at += 1;
      parts.push(item());
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    return { kind: separator === '|' ? 'choice' : 'sequence', parts };
  };

  const item = (): Particle => {
    const token = tokens[at];
    at += 1;
    if (token === undefined || ',|)?*+'.includes(token)) throw new Error(`bad content model: ${content}`);
    let part: Particle = { kind: 'element', name: token };
    if (token === '(') {
      part = group();
      if (tokens[at] !== ')') throw new Error(`bad content model: ${content}`);
      at += 1;
    }
    const occurs = tokens[at];
    if (occurs !== '?' && occurs !== '*' && occurs !== '+') return part;
    at += 1;
    return { kind: 'repeat', occurs, part };
  };

  const particle = group();
  if (at !== tokens.length) throw new Error(`bad content model: ${content}`);
  return { kind: 'children', particle };
}

/** The names a particle mentions, each once, in the order of the model. */
export function namesIn(particle: Particle): readonly string[] {
  const names = new Set<string>();
  const visit = (part: Particle): void => {
    if (part.kind === 'element') names.add(part.name);
    else if (part.kind === 'repeat') visit(part.part);
    else for (const inner of part.parts) visit(inner);
  };
  visit(particle);
  return [...names];
}
