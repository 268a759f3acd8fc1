/** Every verb there is, by name. */

import { accessVerbs } from './verbs/access.ts';
import { applyVerbs } from './verbs/apply.ts';
import { importVerbs } from './verbs/import.ts';
import { incidentVerbs } from './verbs/incidents.ts';
import { messageVerbs } from './verbs/messages.ts';
import { queueVerbs } from './verbs/queues.ts';
import { serviceVerbs } from './verbs/service.ts';
import { settingVerbs } from './verbs/settings.ts';
import { silenceVerbs } from './verbs/silences.ts';

export const verbs = {
  ...accessVerbs,
  ...applyVerbs,
  ...importVerbs,
  ...incidentVerbs,
  ...messageVerbs,
  ...queueVerbs,
  ...serviceVerbs,
  ...settingVerbs,
  ...silenceVerbs,
} as const;
