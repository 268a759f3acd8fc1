/**
 * A message's bytes → the neutral view that every rendering starts from (model/alert-view.ts).
 *
 * Called by renderer.ts, which keeps the last ones. Forgiving: what is missing is empty, whatever the message lacks. Nothing is escaped
 * here, that is the medium's business.
 */

import { severityRank, type Severity } from '../../core/severity.ts';
import type {
  AdditionalDataView,
  EndpointView,
  MessageView,
  NodeView,
  TimeView,
} from '../../idmef/message-view.ts';
import { viewMessage } from '../../idmef/view.ts';
import type { AlertView, PartyView } from '../model/alert-view.ts';

const UNRATED: Severity = 3;
/** A numeric confidence (RFC 4765 §4.2.6.3: 0.0 to 1.0) below this is a low one. */
const LOW_CONFIDENCE = 0.3;
const FIRST_INSTANT = Date.parse('0000-01-01T00:00:00Z');
const END_OF_INSTANTS = Date.parse('+010000-01-01T00:00:00Z');

export async function alertView(body: Uint8Array): Promise<AlertView> {
  return viewOf(await viewMessage(body));
}

export function viewOf(message: MessageView): AlertView {
  const severity = severityRank(message.severity);
  const innermost = message.analyzers.at(-1);
  const { completion, confidence } = message;
  return {
    title: message.classification.trim(),
    severity,
    urgency: urgencyOf(severity, completion, confidence),
    completion,
    confidence,
    when: instantOf(message.detectTime) ?? instantOf(message.createTime),
    analyzer: first(innermost?.name, innermost?.analyzerid),
    node: nodeName(innermost?.node),
    sources: message.sources.map(partyView),
    targets: message.targets.map(partyView),
    references: message.references.map(({ name, url }) => ({ name, url })),
    details: message.additionalData.map(detailView),
    messageid: message.messageid,
    ...correlationOf(message),
    heartbeat: message.kind === 'Heartbeat',
    message,
  };
}

/** What a message is worth: succeeded attacks more, failed and doubtful ones less. */
function urgencyOf(severity: Severity, completion: string, confidence: string): Severity {
  const up = completion === 'succeeded' ? 1 : 0;
  const failed = completion === 'failed' ? 1 : 0;
  const doubtful = isLow(confidence) ? 1 : 0;
  const urgency = (severity === 0 ? UNRATED : severity) + up - failed - doubtful;
  return urgency <= 1 ? 1 : urgency === 2 ? 2 : urgency === 3 ? 3 : 4;
}

function isLow(confidence: string): boolean {
  return confidence === 'low' || (/^\d*\.?\d+$/.test(confidence) && Number(confidence) < LOW_CONFIDENCE);
}

/** Within the years 0 to 9999: others have no four digits in UTC, and a receiver that reads dates strictly would refuse the alert. */
function instantOf(time: TimeView | undefined): number | undefined {
  const at = Date.parse(time?.iso ?? '');
  return at >= FIRST_INSTANT && at < END_OF_INSTANTS ? at : undefined;
}

function partyView({ node, service, users, process, files }: EndpointView): PartyView {
  const [user] = users;
  const [file] = files;
  const name = node?.name ?? '';
  return {
    address: first(node?.addresses.find(({ address }) => address !== '')?.address, name),
    name,
    port: first(service?.port, service?.portlist, service?.name),
    user: first(user?.name, user?.number),
    process: first(process?.name, process?.path),
    file: first(file?.path, file?.name),
  };
}

function nodeName(node: NodeView | undefined): string {
  return first(node?.name, node?.addresses[0]?.address, node?.location);
}

function detailView({ meaning, value }: AdditionalDataView): AlertView['details'][number] {
  return { name: meaning.trim(), value: String(value).trim() };
}

function correlationOf({ special, specialName, alertidents }: MessageView): Pick<AlertView, 'correlation'> {
  if (special !== 'CorrelationAlert') return {};
  return { correlation: { name: specialName, messageids: alertidents.map(({ messageid }) => messageid) } };
}

function first(...values: readonly (string | undefined)[]): string {
  return values.find((value) => value !== undefined && value !== '') ?? '';
}
