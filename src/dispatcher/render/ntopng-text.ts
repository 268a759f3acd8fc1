/**
 * An alert in the words ntopng's own recipients get: `[date][ifid][ifname][Severity][Type]([Entity][value])[Engaged|Released] message`.
 *
 * For own sinks ported from ntopng (`ntopngText` of their context). Pure. Reads the original fields that the ntopng source keeps as AdditionalData
 * `ntopng.<field>`; where they are missing (the alert came another way) the IDMEF parts say the same, and what nobody says is left out.
 */

import { cleanLine } from './clean.ts';
import type { AlertView } from '../model/alert-view.ts';

export interface NtopngTextOptions {
  /** Text without HTML; default false: `& < > "` of values are entities. */
  readonly nohtml?: boolean;
  /** Default true. */
  readonly showSeverity?: boolean;
  /** Default true. */
  readonly showEntity?: boolean;
  /** Zone of the date; default UTC. */
  readonly timeZone?: string;
}

export function formatNtopngText(view: AlertView, options: NtopngTextOptions = {}): string {
  const { nohtml = false, showSeverity = true, showEntity = true, timeZone = 'UTC' } = options;
  const show = (text: string): string => (nohtml ? cleanLine(text) : escapeHtml(cleanLine(text)));
  const bracket = (text: string): string => (text === '' ? '' : `[${show(text)}]`);
  const field = (...names: readonly string[]): string => fieldOf(view, names);
  const value = field('alert_entity_val', 'entity_val') || view.sources[0]?.address || '';
  const entity = `${bracket(entityOf(view, value))}${bracket(value)}`;
  const action = field('action');
  const state = action === 'engage' ? 'Engaged' : action === 'release' ? 'Released' : '';
  const message = field('msg', 'message', 'description') || view.message.impact;
  return [
    bracket(dateOf(view.when, timeZone)),
    bracket(field('ifid')),
    bracket(field('ifname')),
    showSeverity ? bracket(capital(view.message.severity)) : '',
    bracket(view.title),
    showEntity && entity !== '' ? `(${entity})` : '',
    bracket(state),
    message === '' ? '' : ` ${show(message)}`,
  ].join('');
}

function fieldOf({ details }: AlertView, names: readonly string[]): string {
  for (const name of names) {
    const found = details.find((detail) => detail.name === `ntopng.${name}`);
    if (found !== undefined && found.value !== '') return found.value;
  }
  return '';
}

/** The source's `entity` is `Host 192.0.2.1@0`: the word without the value. */
function entityOf({ details }: AlertView, value: string): string {
  const whole = details.find(({ name }) => name === 'entity')?.value ?? '';
  return value !== '' && whole.endsWith(value) ? whole.slice(0, -value.length).trim() : whole;
}

/** ntopng's form: `14/03/2026 08:26:53`. */
function dateOf(when: number | undefined, timeZone: string): string {
  if (when === undefined) return '';
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  return format.format(when).replace(', ', ' ');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
