/**
 * Every limit of the product: its name, unit and reason. Nothing else in src/ invents a number that bounds
 * a queue, a body, a depth or a wait. ARCHITECTURE.md lists them for operators.
 */

const KIB = 1024;
const MIB = 1024 * 1024;

/** XML input, per document or message. A hostile sensor or spool writer must not cost more than this. */
export const xmlLimits = {
  /** One Alert or Heartbeat. What the sensor accepts must fit a lease, the manager's journal and a POST. */
  messageBytes: 4 * MIB,
  /** One spool file; larger ones are refused whole. */
  documentBytes: 64 * MIB,
  /** Nesting below the document element. The deepest RFC structure is 10; Analyzer and Linkage may nest. */
  depth: 64,
  /** Attributes of one element, namespace declarations included. The RFC's largest element has 12. */
  attributes: 64,
  /** One qualified name. */
  nameBytes: 256,
  /** One attribute value. */
  attributeValueBytes: 64 * KIB,
  /** One run of character data. */
  textBytes: 2 * MIB,
  /** Problems reported for one message; more are counted, not listed. */
  problemsPerMessage: 200,
} as const;

/** Batches on the wire between sensor and poller (DESIGN §4). */
export const leaseLimits = {
  minSeconds: 5,
  maxSeconds: 300,
  defaultSeconds: 60,
  maxWaitSeconds: 25,
  maxMessages: 1000,
  defaultMessages: 500,
  maxBytes: 8 * MIB,
  defaultBytes: 4 * MIB,
  /** Open leases of one identity; beyond it 429. */
  perIdentity: 4,
  /** A consuming plain GET: an old poller holds the answer in memory. */
  plainBytes: 64 * MIB,
  /** Tokens remembered after they were acknowledged, so that a repeated DELETE is 204. */
  rememberedTokens: 1000,
} as const;

/** Times of a connection at the sensor, milliseconds. */
export const connectionLimits = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 60_000,
  /** Keep-alive idle time. */
  idleMs: 75_000,
  /** A connection whose consuming answer is sent but not yet received (implicit receipt undecided). */
  undecidedMs: 120_000,
  /** No byte taken by the peer for so long: reset, messages due again. */
  stallMs: 30_000,
  /** SIGTERM: open answers get this long. */
  drainMs: 3_000,
  headerBytes: 16 * KIB,
  /** All open connections, handshaking ones included. */
  connections: 2048,
} as const;

/** The journal's grouping and reading (relay-review A1). */
export const journalLimits = {
  commitMessages: 256,
  commitBytes: 1 * MIB,
  commitWaitMs: 20,
  readRows: 128,
  readBytes: 256 * KIB,
  settleGroup: 64,
  /** (journal, sequence, hash) remembered per sensor to recognise redelivery. */
  rememberedMessages: 100_000,
  rememberedDays: 7,
} as const;

/** Spool intake (DESIGN §5). */
export const spoolLimits = {
  /** Undecided files are looked at again. */
  recheckMs: 250,
  /** A full pass, for events the watcher missed. */
  fullPassMs: 30_000,
  /** Unparseable and unchanged for so long: moved to corrupt/. */
  corruptAfterMs: 60_000,
  /** Files taken in one scan. */
  scanFiles: 10_000,
  /** A stuck file is said again. */
  repeatMs: 3_600_000,
} as const;

/** Disk kept free for others: the larger of the two (`--min-free`). */
export const diskLimits = {
  minFreeBytes: 512 * MIB,
  minFreePercent: 5,
} as const;

/** The poller's dealings with sensors and destinations. */
export const pollerLimits = {
  /** Asked of a sensor: acknowledged in milliseconds, and a killed run must not stall the next. */
  leaseSeconds: 15,
  /** Silence on a socket. */
  timeoutSeconds: 10,
  /** A whole oneshot run. */
  deadlineSeconds: 300,
  /** An answer of an old server, which knows no batch limit. */
  oldServerBytes: 1024 * MIB,
  /** Refusals of one message, while others were accepted, before it is poison. */
  refusalsBeforePoison: 3,
  /** Bytes of a destination's answer that are read (and quoted in errors). */
  answerBytes: 64 * KIB,
  /** First and longest pause after a destination failed. */
  backoffMinMs: 1_000,
  backoffMaxMs: 300_000,
  /** Concurrent POSTs to a receiver that takes one message each. */
  connections: 8,
} as const;
