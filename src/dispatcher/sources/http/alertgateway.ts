/**
 * AlertGateway's REST input, so that its clients need not change: `POST /sender/sendMessage/<channel>` and `/sender/sendMessage2all/`,
 * header `key`, form field `message`, and its answers to the letter (Flask 1.1: compact JSON and a newline).
 *
 * `Success` means stored; what is delivered later, and how, is in the outbox. So "not sended to N receivers" is said only when every
 * channel of a sendMessage2all is disabled (N is 0; 200, as all of its failures were). A channel that is disabled gets nothing. No answer
 * ever holds a channel's parameters, which AlertGateway's did when a module failed. A post without a message is 400: it used to
 * deliver the word "None".
 */

import { httpsLimits } from '../../../core/limits.ts';
import type { ApiKey } from '../../model/records.ts';
import { addressChannels, ALL_CHANNELS } from '../channel-post.ts';
import { wrapText } from '../wrap-text.ts';
import { jsonAnswer, problemAnswer, type Answer, type Refused } from './answer.ts';
import { checkKey, isKey, keyOf } from './check-key.ts';
import type { Exchange, Handler, HttpContext } from './context.ts';
import { formFields } from './form-fields.ts';
import { isRefused } from './key-channels.ts';
import { readBody } from './read-body.ts';
import { noteRefusal } from './refuse.ts';
import { isStored, storeBatch } from './store-batch.ts';

const SOURCE = 'alertgateway';

/** A refusal in this source's own words. */
interface Saying extends Refused {
  readonly status: number;
  readonly says: string;
}

/** Of one channel. */
const WORDS = {
  'unknown-channel': 'Not found',
  forbidden: 'Forbidden.',
  'disabled-channel': 'Channel disabled.',
} as const;

export const answerSendMessage: Handler = async (context, exchange) =>
  await answerPost(context, exchange, (key) => {
    const { channel } = exchange.params;
    // A channel has no such name: it is the word for all of them elsewhere.
    const name = typeof channel === 'string' && channel !== ALL_CHANNELS ? channel : '';
    const addressed = addressChannels(name, key, context.channels);
    return addressed.ok ? addressed.channels : saying(addressed.reason, 400, WORDS[addressed.reason]);
  });

export const answerSendToAll: Handler = async (context, exchange) =>
  await answerPost(context, exchange, (key) => {
    const addressed = addressChannels(ALL_CHANNELS, key, context.channels);
    if (addressed.ok) return addressed.channels;
    if (addressed.reason !== 'disabled-channel') return saying('unknown-channel', 200, 'Forbidden');
    const { channels } = context;
    const all =
      key.channels?.filter((name) => channels.find(name) !== undefined) ?? channels.ofOwner(key.owner);
    const says = `Message not sended to 0 receivers, ${all.length} channels disabled.`;
    return saying('disabled-channel', 200, says);
  });

async function answerPost(
  context: HttpContext,
  exchange: Exchange,
  channelsFor: (key: ApiKey) => readonly string[] | Saying,
): Promise<Answer | undefined> {
  const key = await checkKey(context, exchange, keyOf(exchange), { source: SOURCE, scope: 'ingest' });
  if (!isKey(key)) return say(context, exchange, inWords(key));
  const body = await readBody(exchange, { bytes: httpsLimits.postBytes, budgets: [context.bodies] });
  if (body === 'gone') return undefined;
  if (isRefused(body)) return say(context, exchange, inWords(body));
  const forced = channelsFor(key);
  if (isRefused(forced)) return say(context, exchange, forced);
  const message = formFields(exchange.request.headers['content-type'], body)?.get('message') ?? '';
  if (message === '') return say(context, exchange, saying('malformed', 400, 'Please provide a message'));
  const { connection } = exchange;
  const inbound = await wrapText(
    {
      text: message,
      origin: {
        source: SOURCE,
        address: connection.host,
        ...(connection.identity === undefined ? {} : { peer: connection.identity.name }),
        key: key.id,
        owner: key.owner,
      },
      forced,
      verbatim: message,
      data: [
        { meaning: 'owner', type: 'string', value: key.owner },
        { meaning: 'channels', type: 'string', value: forced.join(', ') },
      ],
    },
    context.world,
  );
  const result = await storeBatch(context, exchange, SOURCE, [inbound]);
  if (isStored(result)) return jsonAnswer(200, { message: 'Success' });
  return spoken(problemAnswer(result.problem), 'The message could not be stored');
}

function saying(reason: Refused['reason'], status: number, says: string): Saying {
  return { reason, status, says, problem: { code: 'BAD_REQUEST', message: says } };
}

/** What AlertGateway's clients know where they know it; else the status tells. */
function inWords(refused: Refused): Saying {
  if (refused.reason === 'no-key') return { ...refused, status: 400, says: 'Please provide an API key' };
  if (refused.reason === 'unknown-key') {
    return { ...refused, status: 400, says: 'The provided API key is not valid' };
  }
  const { message } = refused.problem;
  return { ...refused, status: problemAnswer(refused.problem).status, says: message };
}

function say(context: HttpContext, exchange: Exchange, refused: Saying): Answer {
  noteRefusal(context, exchange, SOURCE, refused);
  const { status, says, problem } = refused;
  const known = status === 200 || status === 400;
  return known ? jsonAnswer(status, { message: says }) : spoken(problemAnswer(problem), says);
}

/** A problem's status and headers under a body that these clients parse. */
function spoken(answer: Answer, message: string): Answer {
  return { ...answer, ...jsonAnswer(answer.status, { message }) };
}
