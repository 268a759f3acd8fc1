/**
 * Every rule a problem can name: its level, and the section that states it where that is always the same.
 *
 * Rules of structure and attributes take the section of the class they are broken in. The ids E1 to E23 are those
 * of the prose rules of RFC 4765 that its DTD cannot express; they are listed with their meaning here and
 * nowhere else. Tests hold this table and the code together.
 */

interface Rule {
  readonly level: 'error' | 'warning';
  /** Of RFC 4765 unless it says otherwise; '' for that of the class. */
  readonly section: string;
}

export const rules = {
  // The input is no readable document.
  incomplete: { level: 'error', section: 'XML 1.0' },
  'not-well-formed': { level: 'error', section: 'XML 1.0' },
  character: { level: 'error', section: 'XML 1.0' },
  encoding: { level: 'error', section: '3.1.2' },
  entity: { level: 'error', section: '3.1.2.1' },
  'internal-subset': { level: 'error', section: '6.1' },
  'namespace-prefix': { level: 'error', section: 'XML Namespaces' },
  root: { level: 'error', section: '4.2.1' },
  'unknown-message': { level: 'error', section: '4.2.1' },
  'limit-document': { level: 'error', section: 'limits' },
  'limit-message': { level: 'error', section: 'limits' },
  'limit-messages': { level: 'error', section: 'limits' },
  'limit-depth': { level: 'error', section: 'limits' },
  'limit-attributes': { level: 'error', section: 'limits' },
  'limit-namespaces': { level: 'error', section: 'limits' },
  'limit-name': { level: 'error', section: 'limits' },
  'limit-attribute-value': { level: 'error', section: 'limits' },
  'limit-text': { level: 'error', section: 'limits' },

  // The document around the messages.
  charset: { level: 'error', section: '3.1.2' },
  'schema-location': { level: 'error', section: '8' },
  version: { level: 'error', section: '4.2.1' },
  'xml-declaration': { level: 'warning', section: '3.1.1.1' },

  // Structure: the content models of the DTD.
  namespace: { level: 'error', section: '8' },
  'unknown-element': { level: 'error', section: '' },
  'unexpected-child': { level: 'error', section: '' },
  'missing-child': { level: 'error', section: '' },
  'too-many': { level: 'error', section: '' },
  'exclusive-child': { level: 'error', section: '' },
  'child-order': { level: 'error', section: '' },
  'unexpected-text': { level: 'error', section: '' },
  'not-empty': { level: 'error', section: '' },

  // Attributes.
  'missing-attribute': { level: 'error', section: '' },
  'unknown-attribute': { level: 'error', section: '' },
  'bad-keyword': { level: 'error', section: '' },
  'bad-nmtoken': { level: 'error', section: '3.1.3' },

  // Data types.
  'bad-integer': { level: 'error', section: '3.2.1' },
  'bad-real': { level: 'error', section: '3.2.2' },
  'bad-character': { level: 'error', section: '3.2.3' },
  'bad-byte': { level: 'error', section: '3.2.4' },
  'bad-byte-string': { level: 'error', section: '3.2.4' },
  'bad-boolean': { level: 'error', section: '4.2.4.6' },
  'bad-datetime': { level: 'error', section: '3.2.6' },
  'bad-ntpstamp': { level: 'error', section: '3.2.7' },
  'bad-portlist': { level: 'error', section: '3.2.8' },

  // Prose.
  /** Text and ntpstamp of a time differ; the stamp counts. */
  E1: { level: 'warning', section: '4.2.5' },
  /** The all-zero stamp says that there is no time. */
  E2: { level: 'warning', section: '6.4' },
  /** One ident for different things in one message. */
  E6: { level: 'warning', section: '3.2.9' },
  /** Idents need an analyzerid. */
  E7: { level: 'error', section: '4.2.4.1' },
  /** Kinds of user in file permissions. */
  E12: { level: 'error', section: '4.2.7.6.1' },
  /** A reference's meaning needs a vendor or user origin. */
  E13: { level: 'error', section: '4.2.7.1' },
  /** Numeric confidence is a number from 0 to 1. */
  E14: { level: 'error', section: '4.2.6.3' },
  /** Additional data is of the type it says. */
  E15: { level: 'error', section: '4.2.4.6' },
  /** Extensions live in xmltext. */
  E23: { level: 'error', section: '5.2' },

  // Looks wrong, but no MUST forbids it.
  'confidence-text': { level: 'warning', section: '4.2.6.3' },
  fstype: { level: 'warning', section: '4.2.7.6' },
  'address-format': { level: 'warning', section: '4.2.7.2.1' },
  'number-range': { level: 'warning', section: '' },
  'portlist-order': { level: 'warning', section: '3.2.8' },

  // Not a rule: counts the problems that were not listed.
  'more-problems': { level: 'error', section: '' },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof rules;
