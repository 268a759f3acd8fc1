/** The sink types over HTTP, in the order operators see them. Read by ../catalogue.ts. */

import type { SinkType } from '../../model/sink.ts';
import { alertmanager } from './providers/alertmanager.ts';
import { apprise } from './providers/apprise.ts';
import { customGet } from './providers/custom-get.ts';
import { customPost } from './providers/custom-post.ts';
import { discord } from './providers/discord.ts';
import { elasticsearch } from './providers/elasticsearch.ts';
import { github } from './providers/github.ts';
import { mattermost } from './providers/mattermost.ts';
import { ntopngWebhook } from './providers/ntopng-webhook.ts';
import { pagerduty } from './providers/pagerduty.ts';
import { rocketchat } from './providers/rocketchat.ts';
import { slack } from './providers/slack.ts';
import { splunk } from './providers/splunk.ts';
import { teams } from './providers/teams.ts';
import { telegram } from './providers/telegram.ts';
import { thehive } from './providers/thehive.ts';
import { webhook } from './providers/webhook.ts';

export const httpTypes: readonly SinkType[] = [
  telegram,
  slack,
  discord,
  mattermost,
  rocketchat,
  teams,
  pagerduty,
  github,
  apprise,
  thehive,
  elasticsearch,
  splunk,
  alertmanager,
  webhook,
  ntopngWebhook,
  customGet,
  customPost,
];
