/** The writer of each medium. A record of all of them: a medium without one does not compile. */

import type { Medium } from '../model/sink.ts';
import type { Writer } from './writer.ts';
import { mailWriter, telegramWriter } from './writers/html.ts';
import { discordWriter, markdownWriter, teamsWriter } from './writers/markdown.ts';
import { lineWriter, plainWriter } from './writers/plain.ts';
import { rocketchatWriter } from './writers/rocketchat.ts';
import { slackWriter } from './writers/slack.ts';

export const writers: Readonly<Record<Medium, Writer>> = {
  plain: plainWriter,
  line: lineWriter,
  'telegram-html': telegramWriter,
  'slack-mrkdwn': slackWriter,
  discord: discordWriter,
  markdown: markdownWriter,
  rocketchat: rocketchatWriter,
  teams: teamsWriter,
  'html-mail': mailWriter,
  json: plainWriter,
};
