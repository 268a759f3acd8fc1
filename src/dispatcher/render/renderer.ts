/**
 * The renderer of the dispatcher (model/ports.ts): messages, digests and tests as text for one recipient, within its medium's limits.
 *
 * Made by src/app. A recipient's template is rendered in a thread of its own; when it fails, the usual text goes out and the log
 * says so once a template: no alert is lost for a template. Nothing here rejects for what stands in a message.
 */

import { createHash } from 'node:crypto';

import { messageOf } from '../../core/errors.ts';
import { renderLimits, templateLimits } from '../../core/limits.ts';
import type { Logger } from '../../core/ports.ts';
import type { AlertView } from '../model/alert-view.ts';
import type { DigestFacts } from '../model/delivery.ts';
import type { Renderer, RenderWish } from '../model/ports.ts';
import type { Medium, Rendered, SendMessage } from '../model/sink.ts';
import { alertView, viewOf } from './alert-view.ts';
import { keepViews } from './keep-views.ts';
import { fit, fitBlocks } from './fit.ts';
import { loadCatalogues } from './load-catalogues.ts';
import { Vocabulary, type Phrases } from './phrases.ts';
import { bold, label, prose, type Doc } from './pieces.ts';
import { digestData, messagesData, speaksOfDigests, type DataTerms } from './template/data.ts';
import { liquidOf } from './template/prelude-template.ts';
import { createTemplateRunner, type TemplateRunner, type TemplateWorkerOptions } from './template/runner.ts';
import { digestDoc } from './texts/digest-text.ts';
import { messagesText, tailDoc, type MessagesText } from './texts/messages-text.ts';
import { subjectLine } from './texts/plain-text.ts';
import { writers } from './writers.ts';
import type { Writer } from './writer.ts';

/** Stands in subjects, as ntopng's name does in its. */
const PRODUCT = 'alert-dispatcher';

export interface RendererOptions {
  readonly log: Logger;
  /** Name of this place: subjects, tests. */
  readonly instance: string;
  /** Catalogues `bot.xx.yml` added to en and es. */
  readonly localesDir?: string;
  readonly templateWorker?: TemplateWorkerOptions;
}

/** Rejects with RelayError CONFIG when a catalogue is broken. */
export async function createRenderer(options: RendererOptions): Promise<Renderer> {
  const { localesDir, log, templateWorker } = options;
  const catalogues = localesDir === undefined ? [] : await loadCatalogues(localesDir, log);
  return new TextRenderer(options, new Vocabulary(catalogues), createTemplateRunner(templateWorker));
}

class TextRenderer implements Renderer {
  readonly #options: RendererOptions;
  readonly #vocabulary: Vocabulary;
  readonly #runner: TemplateRunner;
  readonly #views = keepViews(async (body) => await this.#readView(body));
  /** Failures of templates that were said. */
  readonly #said = new Set<string>();

  constructor(options: RendererOptions, vocabulary: Vocabulary, runner: TemplateRunner) {
    this.#options = options;
    this.#vocabulary = vocabulary;
    this.#runner = runner;
  }

  async view(body: Buffer): Promise<AlertView> {
    return await this.#views(body);
  }

  async #readView(body: Uint8Array): Promise<AlertView> {
    try {
      return await alertView(body);
    } catch (error) {
      this.#options.log.error(`a stored message cannot be read: ${messageOf(error)}`, {
        event: 'view-failed',
      });
      return viewOf(nothing);
    }
  }

  async messages(messages: readonly SendMessage[], wish: RenderWish): Promise<Rendered> {
    const phrases = this.#phrases(wish);
    const { tag, repeated, recipient, limits } = wish;
    const { verbatim, template } = recipient;
    const text = messagesText(messages, { phrases, tag, repeated, verbatim, chars: limits.body });
    const usual = {
      subject: subjectLine(this.#subject(text, messages, phrases), subjectLimit(wish)),
      ...twice(wish, (writer) => fitBlocks(text, writer, limits.body)),
    };
    if (template === undefined || text.posted) return usual;
    return this.#templated(template, usual, wish, phrases, (terms) => messagesData(messages, terms));
  }

  async digest(digest: DigestFacts, wish: RenderWish): Promise<Rendered> {
    const phrases = this.#phrases(wish);
    const doc = digestDoc(digest, wish.tag, phrases);
    const tail = tailDoc({ ...wish, phrases }, undefined);
    const subject = phrases.plural('subject.digest', digest.count, this.#place());
    const usual = {
      subject: subjectLine(subject, subjectLimit(wish)),
      ...twice(wish, (writer) => fit(doc, writer, wish.limits.body, tail)),
    };
    const { template } = wish.recipient;
    if (template === undefined || !speaksOfDigests(template)) return usual;
    return this.#templated(template, usual, wish, phrases, (terms) => digestData(digest, terms));
  }

  /** Never by template: it is the way to the recipient that is tested. */
  async test(wish: RenderWish, by: string): Promise<Rendered> {
    const phrases = this.#phrases(wish);
    const recipient = wish.recipient.name;
    const { instance } = this.#options;
    const fill = { recipient: [prose(recipient)], by: [prose(by)], instance: [prose(instance)] };
    // In capitals in every language: whoever is woken must see it first.
    const doc: Doc = [bold('TEST'), label(' '), ...phrases.phrase('test.text', fill)];
    const subject: Doc = [
      label('TEST - '),
      ...phrases.phrase('subject.test', { recipient: [prose(recipient)], ...this.#place() }),
    ];
    const tail = tailDoc({ ...wish, phrases }, undefined);
    return {
      subject: subjectLine(subject, subjectLimit(wish)),
      ...twice(wish, (writer) => fit(doc, writer, wish.limits.body, tail)),
    };
  }

  async close(): Promise<void> {
    await this.#runner.close();
  }

  #phrases({ recipient }: RenderWish): Phrases {
    return this.#vocabulary.phrases(recipient.locale, recipient.timeZone);
  }

  #place(): { readonly product: string; readonly instance: Doc } {
    return { product: PRODUCT, instance: [prose(this.#options.instance)] };
  }

  #subject({ title }: MessagesText, messages: readonly SendMessage[], phrases: Phrases): Doc {
    return title ?? phrases.plural('subject.many', messages.length, this.#place());
  }

  async #templated(
    template: string,
    usual: Rendered,
    wish: RenderWish,
    phrases: Phrases,
    dataOf: (terms: DataTerms) => object,
  ): Promise<Rendered> {
    const source = liquidOf(template);
    const { instance } = this.#options;
    let fault: string;
    try {
      const data = dataOf({ source, wish, phrases, instance });
      const { medium, limits } = wish;
      const answer = await this.#runner.run({ kind: 'render', source, medium, data, limit: limits.body });
      if (answer.ok) return { ...usual, body: answer.text };
      fault = `line ${answer.line}: ${answer.text}`;
    } catch (error) {
      fault = messageOf(error);
    }
    this.#say(template, wish.recipient.name, fault);
    return usual;
  }

  #say(template: string, recipient: string, fault: string): void {
    const key = createHash('sha256').update(`${fault} ${template}`).digest('base64');
    if (this.#said.has(key)) return;
    if (this.#said.size >= templateLimits.saidFailures) this.#said.clear();
    this.#said.add(key);
    this.#options.log.warning(`template of ${recipient}: ${fault}; the usual text is sent instead`, {
      event: 'template-failed',
      recipient,
    });
  }
}

/** The body for the medium, and the one for a second try. */
function twice({ medium }: RenderWish, make: (writer: Writer) => string): Pick<Rendered, 'body' | 'plain'> {
  const plainMedium: Medium = medium === 'line' ? 'line' : 'plain';
  const body = make(writers[medium]);
  return { body, plain: writers[medium] === writers[plainMedium] ? body : make(writers[plainMedium]) };
}

function subjectLimit({ limits }: RenderWish): number {
  return limits.subject ?? renderLimits.subjectChars;
}

const noTime = { iso: '', text: '', ntpstamp: '' };

/** What is known of a message that cannot be read. */
const nothing: Parameters<typeof viewOf>[0] = {
  kind: 'Alert',
  messageid: '',
  analyzers: [],
  createTime: noTime,
  detectTime: undefined,
  analyzerTime: undefined,
  heartbeatInterval: '',
  classification: '',
  references: [],
  severity: '',
  completion: '',
  impactType: '',
  impact: '',
  actions: [],
  confidence: '',
  sources: [],
  targets: [],
  special: '',
  specialName: '',
  alertidents: [],
  additionalData: [],
};
