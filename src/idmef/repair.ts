/**
 * The slow path of lenient validation: messages that are not RFC 4765 but can be made so without a guess.
 *
 * Called by the validator for a message with errors; the result is validated again, strictly, and only taken if
 * nothing is wrong any more. The table below is the whole list of leniencies in the order they are tried:
 * namespaces before names, names before structure, texts before the stamps derived from them, order before the
 * judgement that something is missing. Unaffected parts of a message stay as they were, byte for byte.
 */

import { xmlLimits } from '../core/limits.ts';
import { adddataSeveral, adddataText, adddataType, adddataXmlAlias } from './repair/additional-data.ts';
import { fileList, fileaccessUserid, linkageEmpty, linkageFile, permissionAlias } from './repair/files.ts';
import { identWithoutAnalyzerid, referenceMeaning } from './repair/identity.ts';
import { incompletePart } from './repair/incomplete.ts';
import { finderOf } from './repair/leniency.ts';
import type { Leniency } from './repair/leniency.ts';
import { correlatedAlert, emptyKeyword, enumCase, messageIdent, misspeltName } from './repair/names.ts';
import { ns2004, nsNone, schemaLocation } from './repair/namespaces.ts';
import { childOrder } from './repair/order.ts';
import {
  addressWithoutNode,
  portlistSeparator,
  serviceNameUnknown,
  servicePortlist,
  snmpCommunity,
} from './repair/services.ts';
import {
  datetimeFromNtpstamp,
  datetimeVariant,
  missingNtpstamp,
  offsetMinusZero,
  offsetSignedMinutes,
  offsetWithoutColon,
  shortNtpstamp,
  timeAttribute,
} from './repair/times.ts';
import { adddataEmpty, booleanNumber, byteNumber, confidenceRange } from './repair/values.ts';
import { adddataXmlText } from './repair/xml-text.ts';
import { countElements } from './tree-edit.ts';
import { parseTree, writeTree } from './tree.ts';
import type { Problem } from './verdict.ts';

/** Every leniency of a message, in the order of trial. Those of a document are the reader's. */
export const leniencies: readonly Leniency[] = [
  ns2004,
  nsNone,
  schemaLocation,
  correlatedAlert,
  misspeltName,
  messageIdent,
  enumCase,
  linkageEmpty,
  emptyKeyword,
  adddataXmlText,
  adddataXmlAlias,
  adddataText,
  adddataSeveral,
  adddataType,
  adddataEmpty,
  byteNumber,
  booleanNumber,
  confidenceRange,
  fileList,
  permissionAlias,
  fileaccessUserid,
  linkageFile,
  addressWithoutNode,
  portlistSeparator,
  serviceNameUnknown,
  servicePortlist,
  snmpCommunity,
  referenceMeaning,
  identWithoutAnalyzerid,
  datetimeVariant,
  offsetSignedMinutes,
  offsetWithoutColon,
  offsetMinusZero,
  shortNtpstamp,
  timeAttribute,
  datetimeFromNtpstamp,
  missingNtpstamp,
  childOrder,
  incompletePart,
];

export interface Repair {
  readonly bytes: Uint8Array;
  /** Names of the leniencies used, sorted. */
  readonly leniencies: readonly string[];
}

/**
 * A message (one self-contained Alert or Heartbeat, well-formed UTF-8) after all repairs that apply; undefined
 * when none does or the result would be over the message limit. It may still be invalid: validate it.
 */
export function repairMessage(element: Uint8Array, problems: readonly Problem[]): Repair | undefined {
  if (!problems.some(({ level }) => level === 'error')) {
    return undefined;
  }
  const tree = parseTree(element);
  if (countElements(tree) > xmlLimits.repairElements) {
    return undefined;
  }
  const used: string[] = [];
  let find = finderOf(tree);
  for (const { name, repair } of leniencies) {
    if (repair(tree, find)) {
      used.push(name);
      find = finderOf(tree);
    }
  }
  if (used.length === 0) {
    return undefined;
  }
  const bytes = Buffer.from(writeTree(tree));
  return bytes.length > xmlLimits.messageBytes ? undefined : { bytes, leniencies: used.toSorted() };
}
