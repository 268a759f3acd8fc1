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
  /** Alerts and heartbeats of one document: what is kept of each must fit into memory. */
  messages: 250_000,
  /** Nesting below the document element. The deepest RFC structure is 10; Analyzer and Linkage may nest. */
  depth: 64,
  /** Attributes of one element, namespace declarations included. The RFC's largest element has 12. */
  attributes: 64,
  /** Namespace declarations in scope at one place. */
  namespaces: 64,
  /** One qualified name. */
  nameBytes: 256,
  /** One attribute value. */
  attributeValueBytes: 64 * KIB,
  /** One run of character data. */
  textBytes: 2 * MIB,
  /** Elements of a message that lenient mode still tries to repair; some repairs compare siblings. */
  repairElements: 5_000,
  /** Problems reported for one message; more are counted, not listed. */
  problemsPerMessage: 200,
} as const;

/** Batches on the wire between sensor and poller (ARCHITECTURE.md: The wire). */
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
  /** Requests sent ahead on one connection. */
  pipelinedRequests: 16,
  /** A request body nobody wants is read and dropped up to so much; beyond it the connection is closed. */
  unwantedBodyBytes: 64 * KIB,
} as const;

/** A producer's POST, parsed on the thread that serves (8 MiB take about 40 ms). */
export const producerLimits = {
  bodyBytes: 8 * MIB,
  /** All bodies being received; beyond it 503. */
  inFlightBytes: 64 * MIB,
} as const;

/** The journal's grouping and reading (as measured). */
export const journalLimits = {
  commitMessages: 256,
  commitBytes: 1 * MIB,
  commitWaitMs: 20,
  /** One chunk of a claim. Each costs about 0.1 ms on its way between two threads. */
  readRows: 1024,
  readBytes: 1 * MIB,
  /** The first chunk: somebody waits for its first byte. */
  firstReadRows: 128,
  firstReadBytes: 64 * KIB,
  settleGroup: 64,
  /** Rows looked at in one query when a lease or a limited peek is put together. */
  walkRows: 1024,
  /** Retired rows cleared away in one transaction. */
  sweepRows: 1000,
  /** Longest a message is put off by one release; also bounds what a wall clock set back can hide. */
  deferMaxMs: 3_600_000,
  /** Remembered messages are pruned when so many are too many, or once an hour. */
  pruneSlack: 5_000,
  pruneEveryMs: 3_600_000,
  /** (journal, sequence, hash) remembered per sensor to recognise redelivery. */
  rememberedMessages: 100_000,
  rememberedDays: 7,
} as const;

/** Spool intake (ARCHITECTURE.md: Spool intake). */
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
  /** Work of one turn: the thread also answers for the journal. */
  sliceMs: 10,
  /** Removed files whose rows the ledger forgets in one transaction, at the latest when there is nothing to do. */
  forgetFiles: 2_048,
  /** Events of the watcher are gathered for so long. */
  debounceMs: 10,
  /** Scans and re-checks rest this many times as long as they took, so that a huge spool costs 1/5 of a core. */
  restFactor: 4,
  /** A file with a second name waits: `link(tmp, x.xml); unlink(tmp)` is still under way. */
  linkedMs: 1_000,
  /** Full disk, full journal, vanished spool: tried again. */
  pauseMs: 1_000,
  /** Directory times have coarse clocks: a directory changed so recently may change again unseen. */
  dirtyMs: 2_000,
  /** Filesystem times tick every 1–10 ms; a file written so shortly before it was read may change unseen. */
  mtimeTickMs: 20,
  /** A private place of a service that is no more is emptied when nothing has happened in it for so long. */
  orphanMs: 60_000,
  /** An mtime that is so much older than ctime was set by somebody and proves nothing. */
  ownTimeMs: 10_000,
  /** Files of corrupt/ looked at in one pass. */
  corruptFiles: 10_000,
  /** Bytes of a `.reason` file that are read back. */
  reasonBytes: 8 * KIB,
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
  /** Giving a lease back at the end of a run is a courtesy and must not hold it up. */
  releaseMs: 2_000,
  /** The longest Retry-After that is honoured. */
  retryAfterMaxMs: 3_600_000,
  /** Messages of one destination whose refusals are remembered. */
  rememberedRefusals: 1000,
  /** A lease refused whole stands back so long; longer than the longest pause, so that others come first. */
  turnMs: 360_000,
  /** A follower looks for messages whose pause has ended at least so often. */
  dueCheckMs: 5_000,
  /** A follower re-reads certificates and keys, and dials anew, at least so often. */
  sessionMs: 3_600_000,
  /** A follower says what it did, and reports what it set aside, at most so often. */
  summaryMs: 60_000,
  /** A follower's pause between questions to a server that cannot hold them. */
  oldServerPauseMs: 5_000,
  /** A follower's longest pause after its sensor failed. */
  redialMaxMs: 30_000,
  /** The same warning about certificates or settings is said again after so long. */
  warnAgainMs: 24 * 3_600_000,
  /** What `OPTIONS /` said about a receiver is believed for so long. */
  verdictMs: 24 * 3_600_000,
  /** Refusals without one acceptance after which a batch receiver is taken to refuse everything. */
  refusalsBeforeDoubt: 3,
  /** Settlements are grouped up to so many, or so long. */
  settleMessages: 64,
  settleMs: 20,
  /** A state entry "last success" is written at most so often by a long-running poller. */
  stateMs: 60_000,
  /** The sensor is asked for its messages one by one, after a batch could not be read, at most so often. */
  carefulMessages: 1000,
} as const;

/** Log lines and the waiting of schedules. */
export const logLimits = {
  /** Characters of one line; hostile text must not fill the journal. */
  lineChars: 8192,
  /** Whoever reads our stderr through a full pipe delays a line by no more than this; then it is lost. */
  writeWaitMs: 100,
} as const;

export const scheduleLimits = {
  /** The clock is looked at again after so long, in case it was set. */
  waitStepMs: 30_000,
} as const;

/** Settings files. */
export const configLimits = {
  /** A settings file is a page of text; anything larger is a mistake. */
  fileBytes: 1 * MIB,
} as const;
