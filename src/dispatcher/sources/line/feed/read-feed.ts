/**
 * The entries of a feed: RSS 2.0, RSS 1.0 (RDF) and Atom (RFC 4287), as far as an alert needs them.
 *
 * Called by feed-source.ts with the bytes of an answer. Pure, never throws: what cannot be read is undefined. Titles and texts
 * come out as plain text. An entry's identity is its guid or id, else its link, else what it says.
 */

import { createHash } from 'node:crypto';

import { parseForeign } from '../../../../idmef/foreign-xml.ts';
import type { PlainElement } from '../../../../idmef/view-parse.ts';
import { htmlText } from '../html-text.ts';

export interface FeedEntry {
  /** 32 hex digits, the same whenever the entry is seen. */
  readonly identity: string;
  readonly title: string;
  readonly text: string;
  /** `https://…`; '' for none. */
  readonly link: string;
  /** Wall ms: when it was published, else changed. */
  readonly when: number | undefined;
}

export interface Feed {
  readonly title: string;
  /** As in the document: mostly the newest first. */
  readonly entries: readonly FeedEntry[];
}

const NO_ENTRIES: readonly PlainElement[] = [];

/** `contentType`: the header, whose charset counts before the document's own. */
export async function readFeed(bytes: Buffer, contentType: string): Promise<Feed | undefined> {
  const text = decode(bytes, contentType);
  const parsed = text === undefined ? undefined : await parseForeign(text);
  if (parsed === undefined) return undefined;
  const { name, element } = parsed;
  const channel = first(element, 'channel') ?? element;
  switch (name.slice(name.indexOf(':') + 1).toLowerCase()) {
    case 'rss':
      return rss(channel, channel);
    case 'rdf':
      return rss(channel, element);
    case 'feed':
      return { title: atomText(all(element, 'title')[0]), entries: all(element, 'entry').map(atomEntry) };
    default:
      return undefined;
  }
}

/** The byte order mark says more than the header, which says more than the declaration. */
function decode(bytes: Buffer, contentType: string): string | undefined {
  const declaration = /^[^<]{0,8}<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']/;
  const declared = declaration.exec(bytes.toString('latin1', 0, 300))?.[1];
  const charset = /charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1];
  try {
    return new TextDecoder(utf16Of(bytes) ?? charset ?? declared ?? 'utf-8').decode(bytes);
  } catch {
    return undefined;
  }
}

function utf16Of([one, two]: Uint8Array): string | undefined {
  if (one === 0xff && two === 0xfe) return 'utf-16le';
  return one === 0xfe && two === 0xff ? 'utf-16be' : undefined;
}

function all(element: PlainElement, name: string): readonly PlainElement[] {
  return element.children.get(name) ?? element.children.get(`atom:${name}`) ?? NO_ENTRIES;
}

function first(element: PlainElement, ...names: readonly string[]): PlainElement | undefined {
  for (const name of names) {
    const [found] = element.children.get(name) ?? NO_ENTRIES;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** RSS 1.0 has its items beside the channel, 2.0 in it. */
function rss(channel: PlainElement, holder: PlainElement): Feed {
  return {
    title: htmlText(first(channel, 'title')?.text ?? ''),
    entries: (holder.children.get('item') ?? NO_ENTRIES).map(rssEntry),
  };
}

function rssEntry(item: PlainElement): FeedEntry {
  const said = (...names: readonly string[]): string => first(item, ...names)?.text.trim() ?? '';
  return entry({
    id: said('guid') || (item.attributes.get('rdf:about') ?? ''),
    title: htmlText(said('title')),
    text: htmlText(said('description', 'content:encoded')),
    link: said('link') || said('guid'),
    date: said('pubDate', 'dc:date'),
  });
}

function atomEntry(item: PlainElement): FeedEntry {
  const links = all(item, 'link');
  const link =
    links.find(({ attributes }) => (attributes.get('rel') ?? 'alternate') === 'alternate') ?? links[0];
  return entry({
    id: all(item, 'id')[0]?.text.trim() ?? '',
    title: atomText(all(item, 'title')[0]),
    text: atomText(all(item, 'summary')[0] ?? all(item, 'content')[0]),
    link: link?.attributes.get('href')?.trim() ?? '',
    date: (all(item, 'published')[0] ?? all(item, 'updated')[0])?.text.trim() ?? '',
  });
}

/** RFC 4287 §3.1: text, HTML in text, or XHTML, of which the text is gathered. */
function atomText(element: PlainElement | undefined): string {
  if (element === undefined) return '';
  const type = element.attributes.get('type') ?? 'text';
  if (type === 'xhtml') return gathered(element).replace(/\s+/g, ' ').trim();
  return /html/i.test(type) ? htmlText(element.text) : element.text.trim();
}

function gathered({ text, children }: PlainElement): string {
  return [text, ...[...children.values()].flat().map(gathered)].join(' ');
}

interface Said {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly link: string;
  readonly date: string;
}

function entry({ id, title, text, link, date }: Said): FeedEntry {
  const identity = id || link || `${title}\n${text}`;
  const when = Date.parse(date);
  return {
    identity: createHash('sha256').update(identity).digest('hex').slice(0, 32),
    title,
    text,
    link: /^https?:\/\/\S+$/i.test(link) ? link : '',
    when: Number.isNaN(when) ? undefined : when,
  };
}
