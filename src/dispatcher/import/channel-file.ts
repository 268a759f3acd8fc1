/**
 * An AlertGateway channel file (`channels/<type>/<x>.conf`): INI with `[channel] name= user= type=`, then the parameters in a section named
 * after the type, as its code read it, or after the channel, as its README said. Values are verbatim to the end of the line; `#` and
 * `;` begin comments at the start of a line only (Python's configparser).
 */

export interface ChannelFile {
  readonly name: string;
  readonly user: string;
  readonly type: string;
  readonly params: Readonly<Record<string, string>>;
}

export type ReadChannelFile =
  | { readonly ok: true; readonly channel: ChannelFile }
  | { readonly ok: false; readonly line: number; readonly text: string };

export function readChannelFile(text: string): ReadChannelFile {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  let last: string | undefined;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const section = /^\[(.+)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      current = sections.get(section) ?? new Map();
      sections.set(section, current);
      last = undefined;
      continue;
    }
    if (current === undefined)
      return { ok: false, line: index + 1, text: 'a section such as [channel] must come first' };
    if (/^\s/.test(raw) && last !== undefined) {
      current.set(last, `${current.get(last) ?? ''}\n${line}`);
      continue;
    }
    const match = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line);
    if (match === null) return { ok: false, line: index + 1, text: 'NAME = VALUE is expected' };
    last = (match[1] ?? '').toLowerCase();
    current.set(last, match[2] ?? '');
  }
  return assemble(sections);
}

function assemble(sections: ReadonlyMap<string, ReadonlyMap<string, string>>): ReadChannelFile {
  const head = sections.get('channel') ?? sections.get('CHANNEL');
  if (head === undefined) return { ok: false, line: 1, text: 'there is no section [channel]' };
  const name = head.get('name') ?? '';
  const user = head.get('user') ?? '';
  const type = head.get('type') ?? '';
  for (const [key, value] of Object.entries({ name, user, type })) {
    if (value === '') return { ok: false, line: 1, text: `[channel] has no ${key}` };
  }
  const others = [...sections].filter(([, section]) => section !== head);
  const named = (wanted: string): (typeof others)[number] | undefined =>
    others.find(([section]) => section.toLowerCase() === wanted.toLowerCase());
  const found = named(type) ?? named(name);
  if (found === undefined) return { ok: false, line: 1, text: `there is no section [${type}] or [${name}]` };
  return { ok: true, channel: { name, user, type, params: Object.fromEntries(found[1]) } };
}
