/**
 * Schema rows of the support classes: nodes, users, processes, services, files (RFC 4765 §4.2.7; section 7 of
 * the DTD, in its order).
 */

import type { ElementTable } from './spec.ts';

export const supportElements: ElementTable = {
  Reference: {
    section: '4.2.7.1',
    content: 'name, url',
    globals: 'none',
    attributes: { origin: { oneOf: 'origin', default: 'unknown' }, meaning: {} },
  },
  Node: {
    section: '4.2.7.2',
    content: 'location?, (name | Address), Address*',
    attributes: { ident: { default: '0' }, category: { oneOf: 'nodecat', default: 'unknown' } },
  },
  Address: {
    section: '4.2.7.2.1',
    content: 'address, netmask?',
    attributes: {
      ident: { default: '0' },
      category: { oneOf: 'addrcat', default: 'unknown' },
      'vlan-name': {},
      'vlan-num': { dataType: 'integer', range: [0, 4095] },
    },
  },
  File: {
    section: '4.2.7.6',
    content:
      'name, path, create-time?, modify-time?, access-time?, data-size?, disk-size?, FileAccess*, Linkage*, ' +
      'Inode?, Checksum*',
    attributes: {
      ident: { default: '0' },
      category: { oneOf: 'filecat', required: true },
      fstype: {},
      'file-type': {},
    },
  },
  Permission: {
    section: '4.2.7.6.1',
    content: 'EMPTY',
    attributes: { perms: { oneOf: 'fileperm', required: true } },
  },
  FileAccess: { section: '4.2.7.6.1', content: 'UserId, Permission+' },
  Inode: {
    section: '4.2.7.6.3',
    content: 'change-time?, (number, major-device, minor-device)?, (c-major-device, c-minor-device)?',
  },
  Linkage: {
    section: '4.2.7.6.2',
    content: '(name, path) | File',
    attributes: { category: { oneOf: 'linkcat', required: true } },
  },
  Checksum: {
    section: '4.2.7.6.4',
    content: 'value, key?',
    attributes: { algorithm: { oneOf: 'checksumalgos', required: true } },
  },
  Process: {
    section: '4.2.7.4',
    content: 'name, pid?, path?, arg*, env*',
    attributes: { ident: { default: '0' } },
  },
  Service: {
    section: '4.2.7.5',
    content: '(((name, port?) | (port, name?)) | portlist), protocol?, SNMPService?, WebService?',
    attributes: {
      ident: { default: '0' },
      ip_version: { dataType: 'integer', range: [0, 15] },
      iana_protocol_number: { dataType: 'integer', range: [0, 255] },
      iana_protocol_name: {},
    },
  },
  SNMPService: {
    section: '4.2.7.5.2',
    content:
      'oid?, messageProcessingModel?, securityModel?, securityName?, securityLevel?, contextName?, ' +
      'contextEngineID?, command?',
  },
  User: {
    section: '4.2.7.3',
    content: 'UserId+',
    attributes: { ident: { default: '0' }, category: { oneOf: 'usercat', default: 'unknown' } },
  },
  UserId: {
    section: '4.2.7.3.1',
    content: '(name, number?) | (number, name?)',
    attributes: {
      ident: { default: '0' },
      type: { oneOf: 'idtype', default: 'original-user' },
      tty: {},
    },
  },
  WebService: { section: '4.2.7.5.1', content: 'url, cgi?, http-method?, arg*' },
};
