/**
 * Prelude's data model as one table: the classes of libprelude 5.2, their fields in the order it writes them, the tags of the
 * native protocol, and where RFC 4765 and the dialect of SECEF gateways have each field.
 *
 * Everything that turns a message into or out of a form of Prelude works from it. Where a place is written: `@name` an
 * attribute, `name` a child element with that text, `text()` the element's own text; `Permission/@perms` and `*` (the
 * typed child of AdditionalData) are the two that are more than a place. `secef` only where the dialect differs.
 */

export type FieldKind =
  'string' | 'uint8' | 'uint16' | 'uint32' | 'int32' | 'uint64' | 'float' | 'time' | 'data';

export type FieldSpec =
  | {
      readonly tag: number;
      readonly kind: FieldKind;
      readonly list?: true;
      readonly rfc: string;
      readonly secef?: string;
    }
  | {
      readonly tag: number;
      readonly kind: 'enum';
      readonly of: EnumName;
      /** Left out when not set; all other enumerations are always written, 0 when not set. */
      readonly optional?: true;
      readonly rfc: string;
      readonly secef?: string;
    }
  | { readonly tag: number; readonly kind: 'object'; readonly of: ClassName; readonly list?: true };

export interface ClassSpec {
  readonly tag: number;
  /** Its name in RFC 4765. */
  readonly element: string;
  readonly secef?: string;
  readonly fields: Readonly<Record<string, FieldSpec>>;
}

/** Ends an object, and a message. */
export const END_OF_OBJECT = 254;

/** What a field of kind `data` says of its value: it is two fields of one tag, the first with this number. */
export const dataTypes = {
  character: 1,
  byte: 2,
  uint32: 3,
  integer: 4,
  float: 5,
  text: 6,
  bytes: 7,
  time: 8,
} as const;

/** Keywords and their numbers on the wire. Names are the RFC's but for `xml`, its `xmltext`. */
export const enums = {
  additional_data_type: {
    string: 0,
    byte: 1,
    character: 2,
    'date-time': 3,
    integer: 4,
    ntpstamp: 5,
    portlist: 6,
    real: 7,
    boolean: 8,
    'byte-string': 9,
    xml: 10,
  },
  reference_origin: { unknown: 0, 'vendor-specific': 1, 'user-specific': 2, bugtraqid: 3, cve: 4, osvdb: 5 },
  user_id_type: {
    'original-user': 0,
    'current-user': 1,
    'target-user': 2,
    'user-privs': 3,
    'current-group': 4,
    'group-privs': 5,
    'other-privs': 6,
  },
  user_category: { unknown: 0, application: 1, 'os-device': 2 },
  address_category: {
    unknown: 0,
    atm: 1,
    'e-mail': 2,
    'lotus-notes': 3,
    mac: 4,
    sna: 5,
    vm: 6,
    'ipv4-addr': 7,
    'ipv4-addr-hex': 8,
    'ipv4-net': 9,
    'ipv4-net-mask': 10,
    'ipv6-addr': 11,
    'ipv6-addr-hex': 12,
    'ipv6-net': 13,
    'ipv6-net-mask': 14,
  },
  service_type: { default: 0, web: 1, snmp: 2 },
  node_category: {
    unknown: 0,
    ads: 1,
    afs: 2,
    coda: 3,
    dfs: 4,
    dns: 5,
    hosts: 6,
    kerberos: 7,
    nds: 8,
    nis: 9,
    nisplus: 10,
    nt: 11,
    wfw: 12,
  },
  source_spoofed: { unknown: 0, yes: 1, no: 2 },
  checksum_algorithm: {
    MD4: 1,
    MD5: 2,
    SHA1: 3,
    'SHA2-256': 4,
    'SHA2-384': 5,
    'SHA2-512': 6,
    'CRC-32': 7,
    Haval: 8,
    Tiger: 9,
    Gost: 10,
  },
  file_category: { current: 1, original: 2 },
  file_fstype: {
    ufs: 1,
    efs: 2,
    nfs: 3,
    afs: 4,
    ntfs: 5,
    fat16: 6,
    fat32: 7,
    pcfs: 8,
    joliet: 9,
    iso9660: 10,
  },
  linkage_category: {
    'hard-link': 1,
    'mount-point': 2,
    'reparse-point': 3,
    shortcut: 4,
    stream: 5,
    'symbolic-link': 6,
  },
  target_decoy: { unknown: 0, yes: 1, no: 2 },
  impact_severity: { info: 1, low: 2, medium: 3, high: 4 },
  impact_completion: { failed: 1, succeeded: 2 },
  impact_type: { other: 0, admin: 1, dos: 2, file: 3, recon: 4, user: 5 },
  action_category: { other: 0, 'block-installed': 1, 'notification-sent': 2, 'taken-offline': 3 },
  confidence_rating: { numeric: 0, low: 1, medium: 2, high: 3 },
  alert_type: { default: 0, tool: 1, correlation: 2, overflow: 3 },
  message_type: { alert: 1, heartbeat: 2 },
} as const satisfies Record<string, Readonly<Record<string, number>>>;

export type EnumName = keyof typeof enums;

const table = {
  additional_data: {
    tag: 0,
    element: 'AdditionalData',
    fields: {
      meaning: { tag: 30, kind: 'string', rfc: '@meaning' },
      type: { tag: 29, kind: 'enum', of: 'additional_data_type', rfc: '@type' },
      data: { tag: 31, kind: 'data', rfc: '*' },
    },
  },
  reference: {
    tag: 1,
    element: 'Reference',
    fields: {
      origin: { tag: 29, kind: 'enum', of: 'reference_origin', rfc: '@origin' },
      name: { tag: 30, kind: 'string', rfc: 'name' },
      url: { tag: 31, kind: 'string', rfc: 'url' },
      meaning: { tag: 32, kind: 'string', rfc: '@meaning' },
    },
  },
  classification: {
    tag: 2,
    element: 'Classification',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      text: { tag: 30, kind: 'string', rfc: '@text' },
      reference: { tag: 1, kind: 'object', of: 'reference', list: true },
    },
  },
  user_id: {
    tag: 3,
    element: 'UserId',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      type: { tag: 30, kind: 'enum', of: 'user_id_type', rfc: '@type' },
      tty: { tag: 31, kind: 'string', rfc: '@tty' },
      name: { tag: 32, kind: 'string', rfc: 'name' },
      number: { tag: 33, kind: 'uint32', rfc: 'number' },
    },
  },
  user: {
    tag: 4,
    element: 'User',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      category: { tag: 30, kind: 'enum', of: 'user_category', rfc: '@category' },
      user_id: { tag: 3, kind: 'object', of: 'user_id', list: true },
    },
  },
  address: {
    tag: 5,
    element: 'Address',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      category: { tag: 30, kind: 'enum', of: 'address_category', rfc: '@category' },
      vlan_name: { tag: 31, kind: 'string', rfc: '@vlan-name' },
      vlan_num: { tag: 32, kind: 'int32', rfc: '@vlan-num' },
      address: { tag: 33, kind: 'string', rfc: 'address' },
      netmask: { tag: 34, kind: 'string', rfc: 'netmask' },
    },
  },
  process: {
    tag: 6,
    element: 'Process',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      name: { tag: 30, kind: 'string', rfc: 'name' },
      pid: { tag: 31, kind: 'uint32', rfc: 'pid' },
      path: { tag: 32, kind: 'string', rfc: 'path' },
      arg: { tag: 33, kind: 'string', list: true, rfc: 'arg' },
      env: { tag: 34, kind: 'string', list: true, rfc: 'env' },
    },
  },
  web_service: {
    tag: 7,
    element: 'WebService',
    fields: {
      url: { tag: 29, kind: 'string', rfc: 'url' },
      cgi: { tag: 30, kind: 'string', rfc: 'cgi' },
      http_method: { tag: 31, kind: 'string', rfc: 'http-method' },
      arg: { tag: 32, kind: 'string', list: true, rfc: 'arg' },
    },
  },
  snmp_service: {
    tag: 8,
    element: 'SNMPService',
    secef: 'snmp-service',
    fields: {
      oid: { tag: 29, kind: 'string', rfc: 'oid' },
      message_processing_model: { tag: 30, kind: 'uint32', rfc: 'messageProcessingModel' },
      security_model: { tag: 31, kind: 'uint32', rfc: 'securityModel' },
      security_name: { tag: 32, kind: 'string', rfc: 'securityName' },
      security_level: { tag: 33, kind: 'uint32', rfc: 'securityLevel' },
      context_name: { tag: 34, kind: 'string', rfc: 'contextName' },
      context_engine_id: { tag: 35, kind: 'string', rfc: 'contextEngineID', secef: 'context-engine-id' },
      command: { tag: 36, kind: 'string', rfc: 'command' },
    },
  },
  service: {
    tag: 9,
    element: 'Service',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      ip_version: { tag: 30, kind: 'uint8', rfc: '@ip_version', secef: '@ip-version' },
      iana_protocol_number: {
        tag: 31,
        kind: 'uint8',
        rfc: '@iana_protocol_number',
        secef: '@iana-protocol-number',
      },
      iana_protocol_name: {
        tag: 32,
        kind: 'string',
        rfc: '@iana_protocol_name',
        secef: '@iana-protocol-name',
      },
      name: { tag: 33, kind: 'string', rfc: 'name' },
      port: { tag: 34, kind: 'uint16', rfc: 'port' },
      portlist: { tag: 35, kind: 'string', rfc: 'portlist', secef: '@portlist' },
      protocol: { tag: 36, kind: 'string', rfc: 'protocol' },
      web_service: { tag: 7, kind: 'object', of: 'web_service' },
      snmp_service: { tag: 8, kind: 'object', of: 'snmp_service' },
    },
  },
  node: {
    tag: 10,
    element: 'Node',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      category: { tag: 30, kind: 'enum', of: 'node_category', rfc: '@category' },
      name: { tag: 32, kind: 'string', rfc: 'name' },
      location: { tag: 31, kind: 'string', rfc: 'location' },
      address: { tag: 5, kind: 'object', of: 'address', list: true },
    },
  },
  source: {
    tag: 11,
    element: 'Source',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      spoofed: { tag: 30, kind: 'enum', of: 'source_spoofed', rfc: '@spoofed' },
      interface: { tag: 31, kind: 'string', rfc: '@interface' },
      node: { tag: 10, kind: 'object', of: 'node' },
      user: { tag: 4, kind: 'object', of: 'user' },
      process: { tag: 6, kind: 'object', of: 'process' },
      service: { tag: 9, kind: 'object', of: 'service' },
    },
  },
  file_access: {
    tag: 12,
    element: 'FileAccess',
    fields: {
      user_id: { tag: 3, kind: 'object', of: 'user_id' },
      permission: { tag: 29, kind: 'string', list: true, rfc: 'Permission/@perms', secef: 'permission' },
    },
  },
  inode: {
    tag: 13,
    element: 'Inode',
    fields: {
      change_time: { tag: 29, kind: 'time', rfc: 'change-time' },
      number: { tag: 30, kind: 'uint32', rfc: 'number' },
      major_device: { tag: 31, kind: 'uint32', rfc: 'major-device' },
      minor_device: { tag: 32, kind: 'uint32', rfc: 'minor-device' },
      c_major_device: { tag: 33, kind: 'uint32', rfc: 'c-major-device' },
      c_minor_device: { tag: 34, kind: 'uint32', rfc: 'c-minor-device' },
    },
  },
  checksum: {
    tag: 14,
    element: 'Checksum',
    fields: {
      value: { tag: 29, kind: 'string', rfc: 'value' },
      key: { tag: 30, kind: 'string', rfc: 'key' },
      algorithm: { tag: 31, kind: 'enum', of: 'checksum_algorithm', rfc: '@algorithm' },
    },
  },
  file: {
    tag: 15,
    element: 'File',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      name: { tag: 30, kind: 'string', rfc: 'name' },
      path: { tag: 31, kind: 'string', rfc: 'path' },
      create_time: { tag: 32, kind: 'time', rfc: 'create-time' },
      modify_time: { tag: 33, kind: 'time', rfc: 'modify-time' },
      access_time: { tag: 34, kind: 'time', rfc: 'access-time' },
      data_size: { tag: 35, kind: 'uint64', rfc: 'data-size' },
      disk_size: { tag: 36, kind: 'uint64', rfc: 'disk-size' },
      file_access: { tag: 12, kind: 'object', of: 'file_access', list: true },
      linkage: { tag: 16, kind: 'object', of: 'linkage', list: true },
      inode: { tag: 13, kind: 'object', of: 'inode' },
      checksum: { tag: 14, kind: 'object', of: 'checksum', list: true },
      category: { tag: 37, kind: 'enum', of: 'file_category', rfc: '@category' },
      fstype: { tag: 38, kind: 'enum', of: 'file_fstype', optional: true, rfc: '@fstype' },
      file_type: { tag: 39, kind: 'string', rfc: '@file-type' },
    },
  },
  linkage: {
    tag: 16,
    element: 'Linkage',
    fields: {
      category: { tag: 29, kind: 'enum', of: 'linkage_category', rfc: '@category' },
      name: { tag: 30, kind: 'string', rfc: 'name' },
      path: { tag: 31, kind: 'string', rfc: 'path' },
      file: { tag: 15, kind: 'object', of: 'file' },
    },
  },
  target: {
    tag: 17,
    element: 'Target',
    fields: {
      ident: { tag: 29, kind: 'string', rfc: '@ident' },
      decoy: { tag: 30, kind: 'enum', of: 'target_decoy', rfc: '@decoy' },
      interface: { tag: 31, kind: 'string', rfc: '@interface' },
      node: { tag: 10, kind: 'object', of: 'node' },
      user: { tag: 4, kind: 'object', of: 'user' },
      process: { tag: 6, kind: 'object', of: 'process' },
      service: { tag: 9, kind: 'object', of: 'service' },
      file: { tag: 15, kind: 'object', of: 'file', list: true },
    },
  },
  analyzer: {
    tag: 18,
    element: 'Analyzer',
    fields: {
      analyzerid: { tag: 29, kind: 'string', rfc: '@analyzerid' },
      name: { tag: 30, kind: 'string', rfc: '@name' },
      manufacturer: { tag: 31, kind: 'string', rfc: '@manufacturer' },
      model: { tag: 32, kind: 'string', rfc: '@model' },
      version: { tag: 33, kind: 'string', rfc: '@version' },
      class: { tag: 34, kind: 'string', rfc: '@class' },
      ostype: { tag: 35, kind: 'string', rfc: '@ostype' },
      osversion: { tag: 36, kind: 'string', rfc: '@osversion' },
      node: { tag: 10, kind: 'object', of: 'node' },
      process: { tag: 6, kind: 'object', of: 'process' },
    },
  },
  alertident: {
    tag: 19,
    element: 'alertident',
    secef: 'Alertident',
    fields: {
      alertident: { tag: 29, kind: 'string', rfc: 'text()', secef: '@alertident' },
      analyzerid: { tag: 30, kind: 'string', rfc: '@analyzerid' },
    },
  },
  impact: {
    tag: 20,
    element: 'Impact',
    fields: {
      severity: { tag: 29, kind: 'enum', of: 'impact_severity', optional: true, rfc: '@severity' },
      completion: { tag: 30, kind: 'enum', of: 'impact_completion', optional: true, rfc: '@completion' },
      type: { tag: 31, kind: 'enum', of: 'impact_type', rfc: '@type' },
      description: { tag: 32, kind: 'string', rfc: 'text()', secef: '@description' },
    },
  },
  action: {
    tag: 21,
    element: 'Action',
    secef: 'action',
    fields: {
      category: { tag: 29, kind: 'enum', of: 'action_category', rfc: '@category' },
      description: { tag: 30, kind: 'string', rfc: 'text()', secef: '@description' },
    },
  },
  confidence: {
    tag: 22,
    element: 'Confidence',
    fields: {
      rating: { tag: 29, kind: 'enum', of: 'confidence_rating', rfc: '@rating' },
      confidence: { tag: 30, kind: 'float', rfc: 'text()', secef: '@confidence' },
    },
  },
  assessment: {
    tag: 23,
    element: 'Assessment',
    fields: {
      impact: { tag: 20, kind: 'object', of: 'impact' },
      action: { tag: 21, kind: 'object', of: 'action', list: true },
      confidence: { tag: 22, kind: 'object', of: 'confidence' },
    },
  },
  tool_alert: {
    tag: 24,
    element: 'ToolAlert',
    fields: {
      name: { tag: 29, kind: 'string', rfc: 'name' },
      command: { tag: 30, kind: 'string', rfc: 'command' },
      alertident: { tag: 19, kind: 'object', of: 'alertident', list: true },
    },
  },
  correlation_alert: {
    tag: 25,
    element: 'CorrelationAlert',
    fields: {
      name: { tag: 29, kind: 'string', rfc: 'name' },
      alertident: { tag: 19, kind: 'object', of: 'alertident', list: true },
    },
  },
  overflow_alert: {
    tag: 26,
    element: 'OverflowAlert',
    fields: {
      program: { tag: 29, kind: 'string', rfc: 'program' },
      size: { tag: 30, kind: 'uint32', rfc: 'size' },
      buffer: { tag: 31, kind: 'data', rfc: 'buffer' },
    },
  },
  alert: {
    tag: 27,
    element: 'Alert',
    fields: {
      messageid: { tag: 29, kind: 'string', rfc: '@messageid' },
      analyzer: { tag: 18, kind: 'object', of: 'analyzer', list: true },
      create_time: { tag: 30, kind: 'time', rfc: 'CreateTime' },
      classification: { tag: 2, kind: 'object', of: 'classification' },
      detect_time: { tag: 31, kind: 'time', rfc: 'DetectTime' },
      analyzer_time: { tag: 32, kind: 'time', rfc: 'AnalyzerTime' },
      source: { tag: 11, kind: 'object', of: 'source', list: true },
      target: { tag: 17, kind: 'object', of: 'target', list: true },
      assessment: { tag: 23, kind: 'object', of: 'assessment' },
      additional_data: { tag: 0, kind: 'object', of: 'additional_data', list: true },
      tool_alert: { tag: 24, kind: 'object', of: 'tool_alert' },
      correlation_alert: { tag: 25, kind: 'object', of: 'correlation_alert' },
      overflow_alert: { tag: 26, kind: 'object', of: 'overflow_alert' },
    },
  },
  heartbeat: {
    tag: 28,
    element: 'Heartbeat',
    fields: {
      messageid: { tag: 29, kind: 'string', rfc: '@messageid' },
      analyzer: { tag: 18, kind: 'object', of: 'analyzer', list: true },
      create_time: { tag: 30, kind: 'time', rfc: 'CreateTime' },
      analyzer_time: { tag: 31, kind: 'time', rfc: 'AnalyzerTime' },
      heartbeat_interval: { tag: 32, kind: 'uint32', rfc: 'HeartbeatInterval' },
      additional_data: { tag: 0, kind: 'object', of: 'additional_data', list: true },
    },
  },
} as const;

export type ClassName = keyof typeof table;

export const classes: Readonly<Record<ClassName, ClassSpec>> = table;
