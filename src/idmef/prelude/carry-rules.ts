/**
 * The named rules by which a message enters Prelude's data model (carry.ts), each once, with what it means.
 *
 * `moved`: the value stands in an AdditionalData that says its place, and goes back there (moved-data.ts). `changed`: it
 * is written otherwise, and what is lost thereby is said. `refused`: the message cannot be held without a lie or a loss.
 * Names are stable: they are counted, logged, and part of the meaning of what was moved. ARCHITECTURE.md has the table.
 */

interface CarryRule {
  readonly effect: 'moved' | 'changed' | 'refused';
  /** What of a message it is about. */
  readonly meaning: string;
  /** What is said of one case. */
  readonly says: string;
}

export const carryRules = {
  fstype: {
    effect: 'moved',
    meaning: 'File/@fstype that is none of the ten registered names',
    says: 'Prelude knows no such file system',
  },
  number: {
    effect: 'moved',
    meaning: 'an integer outside the range of its field, or a text that is no integer',
    says: 'Prelude cannot hold this number',
  },
  confidence: {
    effect: 'moved',
    meaning:
      'a Confidence text that is no number; or has more digits than a float, which then holds it rounded',
    says: 'Prelude cannot hold this confidence as it is written',
  },
  'time-range': {
    effect: 'moved',
    meaning: 'an optional time outside 1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z, text and ntpstamp',
    says: 'Prelude cannot hold this time',
  },
  'time-unreadable': {
    effect: 'moved',
    meaning: 'the text or the ntpstamp of a time, when it cannot be read; the other of the two is the time',
    says: 'this is no time',
  },
  'time-stamp': {
    effect: 'moved',
    meaning: 'the text of a time whose ntpstamp says another one, which is the time then (RFC 4765 §4.2.5)',
    says: 'the ntpstamp says another time, which counts',
  },
  language: {
    effect: 'moved',
    meaning: 'xml:lang. (xml:space is left out: white space of values is kept anyhow)',
    says: 'Prelude has no place for a language',
  },
  'empty-item': {
    effect: 'moved',
    meaning: 'an empty arg, env or alertident: libprelude leaves it out, and the list would close up',
    says: 'Prelude cannot hold an empty item of a list',
  },
  'two-services': {
    effect: 'moved',
    meaning: 'the second of SNMPService and WebService in one Service, value by value',
    says: 'Prelude holds one of SNMPService and WebService',
  },
  'nested-file': {
    effect: 'moved',
    meaning:
      'a File below the third Linkage in one another, value by value: the paths of libprelude end there',
    says: 'Prelude cannot address files so deep',
  },
  'data-type': {
    effect: 'moved',
    meaning:
      'AdditionalData/@type that is not the type of its value; an ntpstamp that is none becomes a string',
    says: 'this is not the type of the value',
  },
  'time-fraction': {
    effect: 'changed',
    meaning: 'digits of a second after the sixth are cut off',
    says: 'Prelude holds microseconds, further digits are cut off',
  },
  'leap-second': {
    effect: 'changed',
    meaning: 'second 60 is the first of the next minute',
    says: 'Prelude has no leap seconds, this is the next second',
  },
  'more-changes': {
    effect: 'changed',
    meaning: 'more than 200 cases in one message: the others are treated alike and not listed',
    says: 'and more of this kind, which are not listed',
  },
  'create-time': {
    effect: 'refused',
    meaning:
      'a CreateTime that is missing, unreadable or out of range: libprelude would put its own time instead',
    says: 'Prelude needs a time of creation from 1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z',
  },
  'unknown-name': {
    effect: 'refused',
    meaning: 'an element or attribute that is not of RFC 4765',
    says: 'Prelude has no place for this',
  },
  keyword: {
    effect: 'refused',
    meaning: 'a keyword that is not in the list of its attribute',
    says: 'Prelude does not know this keyword',
  },
  structure: {
    effect: 'refused',
    meaning: 'elements or text where the RFC has none, or more than there may be',
    says: 'Prelude cannot hold this here',
  },
  size: {
    effect: 'refused',
    meaning:
      'more than 5,000 values to move; markup that outgrows a message once its parts declare their namespaces',
    says: 'too much of this message would have to stand elsewhere',
  },
} as const satisfies Record<string, CarryRule>;

export type CarryRuleName = keyof typeof carryRules;
