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
  /** One message of a stream of documents with what stands before it. What is longer hides the end of its document. */
  streamPartBytes: 8 * MIB,
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
  /** Tags of a document that is no IDMEF: each element in memory takes up to a kilobyte. */
  foreignTags: 50_000,
  /** Elements of a message that lenient mode still tries to repair; some repairs compare siblings. */
  repairElements: 5_000,
  /** Values of a message that stand elsewhere in Prelude's model, each with its place: such a message grows tenfold. */
  movedValues: 5_000,
  /** Problems reported for one message; more are counted, not listed. */
  problemsPerMessage: 200,
} as const;

/** Prelude's native protocol. A manager is trusted to be itself, not to be sound; others' messages come through it too. */
export const preludeLimits = {
  /** One message, all its fragments; the protocol's own limit, so that whatever the manager holds can be read. */
  messageBytes: 100 * MIB,
  /** Objects within objects. The deepest without Linkage is 7, and Linkage may nest. */
  depth: 64,
  /** Objects and list items of a message that is made into objects; each costs up to 300 bytes. */
  parts: 100_000,
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
  /** However often a lease is renewed, it ends so long after it began: a poller that hangs holds nothing for ever. */
  totalSeconds: 3_600,
  /** Smaller answers are not worth compressing. */
  gzipBytes: 1 * KIB,
  /** A consuming plain GET: an old poller holds the answer in memory. */
  plainBytes: 64 * MIB,
  /** Tokens remembered after they were acknowledged, so that a repeated DELETE is 204. */
  rememberedTokens: 1000,
} as const;

/** Batches the sensor takes from the journal before the poller asks (src/sensor/ahead.ts). */
export const aheadLimits = {
  /** For so long after a consumer's last leased GET; retention waits no longer for what lies ahead. */
  idleMs: 60_000,
  /** All that lies ahead, of all consumers; one has at most leaseLimits.defaultBytes. */
  totalBytes: 16 * MIB,
  /** A batch that is not full waits so long for what was accepted a moment ago: a healthy journal answers in 1 ms. */
  patienceMs: 5,
  /** Questions that nobody waits for are so far apart. */
  gapMs: 20,
  /** The numbers are asked for so often when nothing happens. */
  refreshMs: 1_000,
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
  /** Connections without a finished handshake; beyond it the oldest one of the busiest address is ended. */
  handshaking: 128,
  /** Connections without a certificate, all together: the other places are for those with one. */
  strangers: 1_024,
  /** Connections of one certificate; beyond it its oldest one without an answer under way is ended. */
  perPeer: 256,
  /** Connections of one certificate that wait for a further request; beyond it the oldest is ended. */
  idlePerPeer: 64,
  /** Streamed answers under way for one certificate, each a chunk or two of journalLimits.readBytes; beyond it 429. */
  streamsPerPeer: 4,
  /** After such a 429: seconds. */
  streamsRetrySeconds: 5,
  /** Streamed answers that read ahead while a chunk is sent; further ones read when it is gone, which is slower. */
  readingAhead: 2,
  /** Requests sent ahead on one connection. */
  pipelinedRequests: 16,
  /** A request body nobody wants is read and dropped up to so much; beyond it the connection is closed. */
  unwantedBodyBytes: 64 * KIB,
} as const;

/** Certificates, keys and revocation lists of a running program. */
export const tlsLimits = {
  /** The files are compared so often (and at SIGHUP). Watching directories misses exchanged links. */
  watchMs: 5_000,
  /** Changed files must hold still for so long: certificate and key are seldom replaced in one stroke. */
  settleMs: 1_000,
  /** A fault of changed files, and a revocation list past its end, are said again after so long. */
  repeatMs: 3_600_000,
  /** A list so near its end is no longer given to OpenSSL, which would refuse everybody from then on. */
  listMarginMs: 15_000,
  /** Ends of certificates and lists are looked at so often. */
  datesMs: 3_600_000,
  /** Signatures of certificates and lists that were checked and are remembered. */
  rememberedSignatures: 1_000,
  /** Certificates a peer sends beside its own that are looked at; a chain has one to three. */
  sentCertificates: 20,
} as const;

/** Refused handshakes in the log: each is counted, few are said. */
export const handshakeLogLimits = {
  /** Pairs of address and reason that are remembered. */
  pairs: 1_000,
  /** Repetitions are summed up after so long the first time, */
  firstSummaryMs: 60_000,
  /** and so long each further time. */
  summaryMs: 3_600_000,
  /** First sayings in a minute, whatever the address: a scan must not fill the log. */
  newPerMinute: 60,
  /** Reasons that are counted apart; OpenSSL has many. */
  reasons: 64,
} as const;

/** A producer's POST, parsed on the thread that serves (8 MiB take about 40 ms). */
export const producerLimits = {
  bodyBytes: 8 * MIB,
  /** All bodies being received; beyond it 503. */
  inFlightBytes: 64 * MIB,
} as const;

/** The journal's grouping and reading (as measured). */
export const journalLimits = {
  /** Young heap of the sensor's thread: collected early, it takes 14 MiB less, and as long. */
  threadYoungMib: 8,
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
  /** Rows a lane of mild alerts looks at in one query when it finds nothing; severe ones have an index. */
  laneRows: 4096,
  /** Retired rows cleared away in one transaction. */
  sweepRows: 1000,
  /** Kept beside a journal for a full disk: as much as its log may hold (schema.ts: CHECKPOINT_PAGES). */
  reserveBytes: 4 * MIB,
  /** … and no more than one part of so many of a small filesystem. */
  reserveShare: 16,
  /** Given up at once: more than one settlement writes; others may take it before we do. */
  reservePieceBytes: 1 * MIB,
  /** Free space is asked for at most so often: an append takes 0.2 ms. */
  freeSpaceMs: 50,
  /** With less free space than this the log is folded into the file after every append. */
  tightBytes: 64 * MIB,
  /** Room for the reserve is looked for at most so often. */
  reserveRetryMs: 1_000,
  /** Deliveries of a consumer dropped in one transaction, because they are too old or too much. */
  retentionRows: 1000,
  /** Times retentionRows an append may drop to make room for itself. */
  roomTurns: 4,
  /** Quarantine is dropped by size only above this part of --retention-bytes. */
  quarantineShare: 0.25,
  /** A journal's owner looks for what is too old or too much so often. */
  tidyMs: 5_000,
  /** Losses are reported at most so often; a flood of them is one line. */
  lossReportMs: 10_000,
  /** That a consumer was heard of is written down at most so often: a poll costs no fsync. */
  heardMs: 60_000,
  /** A journal just opened gives its consumers so long to come, before one is away too long. */
  graceMs: 900_000,
  /** A wall clock that gains more than this on the monotonic one was set. */
  clockStepMs: 300_000,
  /** Longest a message is put off by one release; also bounds what a wall clock set back can hide. */
  deferMaxMs: 3_600_000,
  /** Remembered messages are pruned when so many are too many, or once an hour. */
  pruneSlack: 5_000,
  pruneEveryMs: 3_600_000,
  /** (journal, sequence, hash) remembered per sensor to recognise redelivery. */
  rememberedMessages: 100_000,
  rememberedDays: 7,
  /** A file up to so large, owing so many, is proven sound before its first change: 0.5 ms a MiB, 1 ms for 1,000. */
  proveBytes: 64 * MIB,
  proveMessages: 50_000,
  /** And before it first gives something away, when somebody waits for it: so large, with so many messages owed. */
  proveQuickBytes: 8 * MIB,
  proveQuickMessages: 5_000,
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
  /** With --intake-streams a file must hold still so long: nothing else tells whether another document follows. */
  streamQuietMs: 2_000,
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
  /** Documents of a stream that become spool files in one go: so many descriptors, and 0.3 ms each instead of 4. */
  filesTogether: 64,
  /** `--movedir-max-age`: old files are looked for at least so often, and no more often than that. */
  sweepMaxMs: 600_000,
  sweepMinMs: 1_000,
  /** Removals are summed up in the log so often. */
  sweepSayMs: 24 * 3_600_000,
} as const;

/** What role monitor is shown. */
export const monitorLimits = {
  /** A journal that has not answered for so long is not healthy. */
  answerMs: 2_000,
  /** Combinations of labels of one counter; a peer must not be able to make memory grow. */
  labelSets: 200,
  /** The event loop's delay is sampled so often. */
  loopSampleMs: 100,
} as const;

/** sd_notify(3), by way of systemd-notify(1). */
export const notifyLimits = {
  /** A message that PID 1 has not taken by then is given up. */
  sendMs: 10_000,
  /** At the end the last message is waited for so long; the tool sends it all the same. */
  closeMs: 1_000,
  /** Without a watchdog: how often the status line is made anew. */
  statusMs: 60_000,
  /** Characters of the status line, and of what systemd-notify complains about. */
  wordsChars: 500,
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
  /** Refusals without one acceptance after which a receiver of single messages gets no more of a lease. */
  refusalsInARow: 24,
  /** Changed messages, and messages a destination cannot hold, that a run (a follower's minute) names one by one. */
  saidMessages: 20,
  /** Changes of one message that are named. */
  saidChanges: 5,
  /** One lease of the forward side with `--high-first`: a high alert waits for no more than these. */
  highFirstMessages: 100,
  /** Reports a profile makes of itself in an hour: what happens all the time is no news. */
  reportsPerHour: 12,
  /** Own reports remembered, to tell them from alerts that wait. */
  rememberedReports: 100,
  /** Rules named in one report. */
  reportedRules: 20,
  /** Runs of one process at a time: more only wait for each other's disk and handshakes. */
  concurrentRuns: 16,
  /** A run that takes longer waits for its sensor or destination and no longer holds up others. */
  slowRunMs: 1_000,
  /** The runs of one tick begin so far apart, and within so long. */
  spreadStepMs: 50,
  spreadMs: 10_000,
  /** Descriptors of a profile at rest in a follower: journal and lock (4), two sockets to the sensor. */
  descriptorsAtRest: 6,
  /** Descriptors of a profile at work: eight connections to a destination besides. */
  descriptorsPerProfile: 16,
  /** Descriptors of the process itself, with some room. */
  descriptorsReserved: 64,
  /** Settlements are grouped up to so many, or so long. */
  settleMessages: 64,
  settleMs: 20,
  /** A state entry "last success" is written at most so often by a long-running poller. */
  stateMs: 60_000,
  /** The sensor is asked for its messages one by one, after a batch could not be read, at most so often. */
  carefulMessages: 1000,
} as const;

/** Sessions with a prelude-manager over its native protocol. */
export const preludeSessionLimits = {
  /** A file of a profile; a certificate of an agent takes 1.1 KiB. */
  profileFileBytes: 1 * MIB,
  /** Certificates of one file that are looked at: one for each manager the profile is registered with. */
  certificates: 256,
  /** Messages and bytes sent that the manager has not confirmed. Beyond it, it has more to do than it keeps in memory. */
  windowMessages: 4_000,
  windowBytes: 8 * MIB,
  /** Until a session's first confirmation: a manager that takes an earlier, dead connection for ours confirms nothing. */
  unprovenMessages: 64,
  /** One lease: the last echoes of each come 40 ms late (Nagle's algorithm there, delayed acknowledgement here). */
  leaseMessages: 8_000,
  leaseBytes: 8 * MIB,
  /** So many times the timeout without a confirmation of anything: it does not confirm. */
  echoTimeouts: 3,
  /** Unconfirmed messages and echoes that come late are looked at so often. */
  tickMs: 250,
  /** A copy whose session has ended may still be echoed; another message of the same key waits no longer than this. */
  lateEchoMs: 30_000,
  /** A manager that does not let us write closes the connection at the first message; waited for that. */
  probationMs: 200,
  /** After our goodbye the manager reads what is under way; then it closes. */
  closeMs: 5_000,
  /** As libprelude's; frontends show a sender as missing that is silent for longer. */
  heartbeatMs: 600_000,
  /** A long-running program looks so often whether its session is up and a heartbeat due. */
  attendMs: 30_000,
} as const;

/** What is remembered and shown of a profile (`idmef status`, `idmef check`, metrics). */
export const statusLimits = {
  /** Characters of an error's text, and of its hint, that are remembered. */
  faultChars: 500,
  /** Without a run for so long a profile counts as silent: timers run each minute. */
  silentMs: 15 * 60_000,
  /** A sensor's clock that is further off than this is said: alerts bear its times. */
  clockOffsetMs: 60_000,
  /** The narrowest screen a table is made for, and the widest that is used. */
  minColumns: 80,
  maxColumns: 200,
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

/** What `idmef doctor` waits for and looks at: it must come to an end, whatever the other side does. */
export const doctorLimits = {
  /** One step: a name, a connection, a handshake, an answer. A shorter --timeout counts instead. */
  stepMs: 10_000,
  /** A handshake that is done may still be undone (TLS 1.3 judges our certificate after it): waited for that. */
  settleMs: 300,
  /** The greeting of what does not speak TLS, before and after it is asked in HTTP. */
  greetingMs: 1_000,
  /** Of that greeting. */
  greetingBytes: 512,
  /** Clocks further apart are said; the Date of an answer is exact to a second. */
  clockMs: 60_000,
  /** A certificate that ends sooner is said. */
  expirySoonDays: 14,
  /** Alerts that have waited longer on the sensor, in the spool, for a poll: is anybody at work. */
  backlogMs: 3_600_000,
  spoolWaitMs: 120_000,
  idleMs: 3_600_000,
  /** Beyond its deadline a run hangs. */
  runGraceMs: 60_000,
  /** Names of a spool or of corrupt/ that are looked at. */
  directoryFiles: 10_000,
  /** What a prelude-manager has kept for a reader for longer than this is for one that is away. */
  readerAwayMs: 600_000,
  /** Readers of which that is said. */
  readers: 20,
} as const;

/** The dispatcher's outbox: how it waits, what it folds, what it says. */
export const outboxLimits = {
  /** External calls under way, of all recipients together: each has one, so this bounds memory, not a small site. */
  callsUnderWay: 256,
  /** Bodies of one claim; they are in memory until the provider has answered. */
  claimBytes: 16 * MIB,
  /** Pause after failures in a row. */
  backoffMinMs: 1_000,
  backoffMaxMs: 300_000,
  /** A provider that names its own time is obeyed up to a day; more is a mistake of its clock or ours. */
  retryAfterMaxMs: 86_400_000,
  /** A sink has so long to settle after its call was aborted; what it answers then still counts. */
  abortGraceMs: 5_000,
  /** A batch that failed so often in a row is cut: to one message, or in half if it was only too slow. Before that it stays the same, under the same key. */
  failuresBeforeCutting: 3,
  /** A message that has failed alone so often is set apart and lets others go right after it: one, then two, at most so many. */
  failuresBeforeApart: 3,
  probes: 4,
  /** It is dead after so many failures, each while others were taken and none failed: five minutes at least, by its own backoff. */
  proofsOfPoison: 8,
  /** Fewer are enough where a machine refuses it. */
  proofsOfRefusal: 3,
  /** Put off so often though others of the same call were taken, a message waits by itself; so often, it is set apart. */
  partsBeforeWaiting: 3,
  partsBeforeApart: 10,
  /** Messages of one recipient of which that is remembered. */
  suspects: 2_000,
  /** A timer's longest wait; Node's own bound is 24 days. */
  waitStepMs: 3_600_000,
  /** `recipients test` waits so long for its turn, then says that it has to wait. */
  testTurnMs: 10_000,
  /** What the store refused is tried again after so long. */
  storeRetryMinMs: 1_000,
  storeRetryMaxMs: 30_000,
  /** Escalations, fallbacks and give-ups are looked for so often; silent incidents are closed so often. */
  tickMs: 5_000,
  /** A recipient that has failed for less needs no fallback yet. */
  hiccupMs: 60_000,
  /** Nothing is given up so soon after a start: what is old then has perhaps not been tried for days. */
  startPatienceMs: 600_000,
  /** A wall clock that gains more than this on the monotonic one was set. */
  clockStepMs: 300_000,
  closeSilentMs: 60_000,
  /** Characters of a provider's words that are kept. */
  reasonChars: 300,
  /** Failing for so long is reported; dead letters of one recipient are reported at most so often. */
  failingReportMs: 600_000,
  deadReportMs: 600_000,
} as const;

/** A flood towards one recipient of people, and how it is folded. */
export const stormLimits = {
  /** More due than this, and more than one call carries, is a flood; an interval with fewer ends it. */
  backlog: 20,
  /** Behind for so long by volume or pacing, with so many due, is one too. */
  behindMs: 120_000,
  behindPairs: 5,
  /** So many calls within a minute, and more to come, are one too, however fast the provider is. */
  callsPerMinute: 20,
  /** Between the first two digests; doubles up to the second figure. */
  firstIntervalMs: 60_000,
  maxIntervalMs: 960_000,
  /** New high classifications that may break out alone between two digests: an attacker can make up any number. */
  breakouts: 5,
  /** Looked for so often. */
  breakoutLookMs: 2_000,
  /** A ticket sink opens one ticket a storm; one that lasts longer than this another one. */
  ticketMs: 14_400_000,
} as const;

/** The dispatcher's store (src/dispatcher/store). */
export const storeLimits = {
  /** Arrivals and bytes of one commit: what comes together shares an fsync. */
  commitMessages: 512,
  commitBytes: 4 * MIB,
  /** Claims and ended calls of one commit. */
  callGroup: 64,
  /** Bodies of one claim; always at least one message. */
  claimBytes: 8 * MIB,
  claimPairs: 1_000,
  /** Pairs whose waiting has ended that one claim makes ready. */
  promotedPairs: 5_000,
  /** Pairs a search for a new high classification looks at in one query. */
  breakoutPairs: 1_000,
  /** Classifications one storm remembers; beyond it nothing breaks out any more, or an attacker would page all night. */
  stormClasses: 10_000,
  /** Characters of a fact kept for listings, of a suppression's detail, of a provider's words. */
  factChars: 1_024,
  /** Routes and reasons kept in memory. */
  wordsInMemory: 2_000,
  /** Identities of one bucket: what accept writes at random places is 1 MiB at most. */
  bucketMessages: 16_384,
  /** Duplicates are recognised for so long at least, also when retention has removed the message, */
  rememberedDays: 7,
  /** and by sequence as far as so many of a journal. */
  rememberedMessages: 100_000,
  /** Pairs moved in one transaction (giving up, falling back, redriving). */
  movedPairs: 5_000,
  /** Escalations carried out, and silent incidents closed, in one transaction. */
  incidentRows: 500,
  /** Messages retention looks at in one step, and deletes in one. */
  sweptMessages: 2_000,
  deletedMessages: 500,
  /** Other rows (attempts, incidents, remembered duplicates) deleted in one step. */
  sweptRows: 2_000,
  /** Remembered sequences are pruned so often. */
  sweepSequencesMs: 3_600_000,
  /** After a pass that found no more to do retention rests so long. */
  sweepRestMs: 60_000,
  /** Rows and bodies of a listing, at most. */
  listedBytes: 32 * MIB,
  listedRows: 1_000,
  /** Attempts shown of one pair. */
  shownAttempts: 100,
  /** Messages a search looks at in one step; others get their turn in between. */
  searchedMessages: 20_000,
  /** Analyzers kept of one origin, those heard of last: their names are whatever a sender makes them. And shown in all. */
  analyzersOfOrigin: 1_000,
  analyzers: 10_000,
  /** Entries of the audit log checked in one step. */
  auditedEntries: 1_000,
  /** That a key was used is written down at most so often. */
  keyUsedMs: 60_000,
  /** A configuration stays so long after it was replaced: a plan made under it may still be stored. */
  configGraceMs: 3_600_000,
} as const;

/** Criteria (IDMEF's filter language): written by operators, run on text that attackers choose, in the thread that takes it in. */
export const criteriaLimits = {
  /** One expression. Prelude's own rules have some hundred. */
  chars: 16 * KIB,
  /** Parentheses and negations in one another. */
  depth: 32,
  /** Comparisons of one expression. */
  conditions: 500,
  /** libprelude's own two limits of a path. */
  pathChars: 127,
  pathSteps: 16,
  /** One pattern, as written, and its instructions when repetitions are written out. */
  patternChars: 1_000,
  patternSteps: 5_000,
  /** Compiled paths of templates and callers that are remembered. */
  rememberedPaths: 1_000,
} as const;

/** What routing keeps of a message beside its bytes: attackers choose the text. */
export const routeLimits = {
  /** Each fact in a column; listings show less. */
  factChars: 500,
  /** The line an incident goes by. */
  titleChars: 200,
  /** Values of one group_by path that tell incidents apart; more are one with those. */
  groupValues: 64,
} as const;

/** Messages on their way through the dispatcher's door: received, not yet committed. Beyond it sources say "busy". */
export const doorLimits = {
  messages: 20_000,
  bytes: 64 * MIB,
} as const;

/** `expect:`: silent sensors and analyzers. */
export const expectLimits = {
  /** Looked at so many times in the shortest span, but not oftener or seldomer than these. */
  looksPerSpan: 10,
  minLookMs: 5_000,
  maxLookMs: 60_000,
  /** What is known is kept so often: a crash forgets no more of a silence. */
  keepMs: 60_000,
} as const;

/** Settings files. */
export const configLimits = {
  /** A settings file is a page of text; anything larger is a mistake. */
  fileBytes: 1 * MIB,
  /** Aliases of a YAML file, each counted as often as it is reached through others: a short text must not become a huge one. */
  yamlAliases: 100,
} as const;

/** alert-dispatcher: what it does when the configuration says nothing, and how far settings may go. */
export const dispatcherLimits = {
  /** Retention of what has reached a terminal fate. */
  retentionMs: 90 * 86_400_000,
  retentionBytes: 20 * 1024 * MIB,
  /** An incident goes on while its next message comes within so long. */
  incidentWindowMs: 86_400_000,
  /** Messages of one incident that come together are told together. High ones wait for nothing. */
  groupWaitMs: 30_000,
  /** After a notification, nothing more of the same incident for so long, then twice that, up to the second. */
  repeatMs: 3_600_000,
  repeatMaxMs: 86_400_000,
  /** People are told no news older than that. */
  giveUpMs: 86_400_000,
  /** Requests a minute of one API key. */
  ratePerMinute: 600,
  maxRatePerMinute: 1_000_000,
  /** A mail with everything in it. */
  mailBytes: 1 * MIB,
  /** Feeds are asked so often, and never more often than the second. */
  feedMs: 15 * 60_000,
  minFeedMs: 60_000,
  /** Files in dispatcher.d: a site has a handful. */
  configFiles: 100,
  /** Recipients; each costs a queue and a timer. ntopng allows 64. */
  recipients: 1_000,
  /** A silence ends at the latest so long after it begins. */
  silenceMs: 30 * 86_400_000,
  /** Retention, escalation, silent incidents and the watch over expected senders are looked at so often. */
  tidyMs: 5_000,
  /** The head of the audit chain goes out so often. */
  auditHeadMs: 86_400_000,
  /** A source whose address is taken is tried again after so long. */
  retryListenMs: 5_000,
  /** What keeps failing is said so often. */
  repeatSayingMs: 3_600_000,
  /** SIGTERM, and sinks that a reload replaces: calls under way get so long. */
  drainMs: 10_000,
  /** Free space of the disk is looked at so often. */
  diskLookMs: 1_000,
  /** An answer of the control socket. */
  controlBytes: 64 * MIB,
  /** A command waits so long for a service that has the store and no socket yet, and asks so often. */
  commandWaitMs: 10_000,
  commandRetryMs: 250,
  /** Rows of one listing. */
  searchRows: 10_000,
  /** A search by criteria reads so many messages at a time, and gives up after the second: it says how many it read. */
  searchPage: 500,
  searchLooked: 100_000,
  /** Messages of an incident that `why` goes through. */
  whyMessages: 200,
} as const;

/** Alerts made from text (src/dispatcher/sources/wrap-text.ts). */
export const wrapLimits = {
  /** Code points of a title: the first line, which is what a phone shows. */
  titleChars: 200,
  /** A title is looked for so far into a text. */
  titleSearchChars: 16 * KIB,
  /** Code points of the body; the worst of them take 0.1 s to compose on the thread that serves. */
  bodyChars: 64 * KIB,
  /** Facts beside the body, and the code points of one. */
  data: 64,
  datumChars: 4 * KIB,
} as const;

/** Calls of the dispatcher to providers over HTTP (src/http/outbound-client.ts, src/dispatcher/sinks/http). */
export const outboundLimits = {
  /** Of an answer that is read; the rest is cut off and the connection closed. */
  answerBytes: 64 * KIB,
  /** Connections to one origin. */
  connections: 8,
  /** TCP, tunnel and TLS, each; the deadline of the request is above them all. */
  connectMs: 10_000,
  /** A request ends so much before the outbox ends its call, so that there is an answer that says who was silent. */
  answerMarginMs: 1_000,
  /** Addresses of a name that are tried. */
  addresses: 8,
  /** The longest Retry-After that is believed: bans of providers last hours, a header of years is a mistake. */
  retryAfterMaxMs: 24 * 3_600_000,
  /** Characters of a reason that is stored and shown. */
  reasonChars: 200,
  /** Of them what the provider itself said. */
  saidChars: 120,
  /** One request to a machine; messages beyond it go with the next call. Their verdicts must fit into the answer. */
  requestBytes: 8 * MIB,
  requestMessages: 500,
  /** A message within a URL; many servers take 8 KiB of head. */
  urlMessageBytes: 7_000,
  /** Receivers of one recipient (AlertGateway's lists). */
  receivers: 50,
  /** Notifications of which it is remembered which receivers have them already. */
  rememberedNotifications: 1_000,
  /** Issues of incidents that are remembered, so that they need not be searched. */
  rememberedIssues: 10_000,
  /** A file of certificates or a key. */
  tlsFileBytes: 1 * MIB,
} as const;

/** API keys and passwords (src/dispatcher/keys). */
export const keyLimits = {
  /** Random bytes of a key. */
  keyBytes: 32,
  /** A longer one is none of ours, and is not hashed. */
  keyChars: 512,
  /** First characters that are kept to tell keys apart; never more than a fourth of it. */
  prefixChars: 8,
  /** What was found out about a key is believed so long, where nobody says that keys have changed. */
  cacheMs: 1_000,
  cachedKeys: 1_000,
  /** Wrong keys of one address in a minute; beyond it 429. A right one is never put off by them. */
  wrongPerMinute: 30,
  /** Keys and addresses whose pace is remembered; of more the one longest unheard is forgotten. */
  paces: 10_000,
  /** scrypt's cost: 32 MiB and 0.2 s of one thread (OWASP's second profile). */
  scryptN: 32_768,
  scryptR: 8,
  scryptP: 3,
  /** A stored hash may ask for so much: it may come out of a restored database. */
  scryptMemoryBytes: 256 * MIB,
  scryptMaxP: 16,
  /** A longer password is refused, because hashing it costs others their time. */
  passwordChars: 1_024,
} as const;

/** The dispatcher's HTTPS listener (src/dispatcher/sources/http); connections are bounded by connectionLimits. */
export const httpsLimits = {
  /** A document of IDMEF, after decompression: old pollers forward all that a sensor has in one. 0.4 s to validate. */
  idmefBytes: 64 * MIB,
  /** A post by key: text, a form, JSON. */
  postBytes: 1 * MIB,
  /** Of a form: fields, and bytes of the head of a part (multipart). */
  formFields: 64,
  partHeadBytes: 8 * KIB,
  /** Objects and lists of JSON within each other; alerts of ntopng have three. */
  jsonDepth: 32,
  /** Attributes of one alert of AlertResponder. */
  attributes: 200,
  /** Alerts of one post. */
  alerts: 1_000,
  /** All bodies that are received or being stored; beyond it 503. */
  inFlightBytes: 160 * MIB,
  /** Of those whose sender is not known before the body is read (a key inside it). */
  unprovenBytes: 16 * MIB,
  /** Seconds after such a 503. */
  busyRetrySeconds: 5,
  /** Of a body that is refused: read and dropped up to so much, so that its sender, who is still sending, gets the answer. */
  droppedBytes: 4 * MIB,
  droppedMs: 2_000,
  /** Seconds after a full disk or journal: not mended at once. */
  fullRetrySeconds: 60,
  /** Bytes of a path segment; names of channels have at most 20 characters. */
  pathSegmentBytes: 512,
  /** Characters of an IDMEF-Origin or IDMEF-Sequence header that are read. */
  originChars: 1_024,
  sequenceChars: 12 * KIB,
  /** Problems of a refused document that the answer names. */
  namedProblems: 5,
} as const;

/** Text of notifications, made from what anybody may have written. */
export const renderLimits = {
  /** Characters of one value that are looked at; a data field may hold 2 MiB. */
  valueChars: 4_096,
  /** Characters of a title, a name, an address, a path in the usual text: a long one must not push the others out. */
  nameChars: 200,
  /** Characters and lines of one data field, of an impact, of an action. */
  detailChars: 500,
  detailLines: 8,
  /** Sources, targets, references, data fields and actions of one message in the usual text; the rest is counted. */
  parties: 5,
  references: 5,
  details: 10,
  actions: 5,
  /** Of several messages in one notification: told in full, and by their title; the rest is counted. */
  fullMessages: 5,
  titledMessages: 30,
  /** A URL that becomes a link. */
  urlChars: 2_000,
  /** A subject where the type of recipient says nothing: a mail's longest sensible header line, an issue's title. */
  subjectChars: 200,
  /** A verbatim text is cut to so many times what the medium takes before it is cleaned. */
  verbatimFactor: 8,
  /** Messages whose views are kept, in bytes of the messages; a view takes about three times as much. */
  viewBytes: 2 * MIB,
  /** Formatters of dates and numbers that are kept: each zone and language costs 0.1 ms and 10 KB to make. */
  formatters: 64,
} as const;

/** Templates of operators, rendered in a thread of their own. */
export const templateLimits = {
  /** Characters of one template. */
  sourceChars: 16 * KIB,
  /** Paths of IDMEF one template asks for. */
  paths: 64,
  /** One rendering; then the thread is ended. */
  deadlineMs: 250,
  /** Until a new thread is ready: liquidjs is loaded by then. */
  startMs: 10_000,
  /** Heap of the thread, MiB: what a template may fill before it is ended. */
  heapMib: 64,
  youngMib: 8,
  stackMib: 2,
  /**
   * Characters and list elements that the filters of one rendering may make, as liquidjs counts them. Of one filter they are 8 MB: a thread
   * may exceed its heap by no more than 16 MB at once, or the whole process is ended.
   */
  memory: 1_000_000,
  /** Characters of output; more is no message. */
  outputChars: 256 * KIB,
  /** Renderings that wait for the thread; beyond it the usual text is sent. */
  waiting: 256,
  /** Compiled templates the thread keeps. */
  compiled: 256,
  /** Messages of one notification a template sees, elements of a list, characters of a text. */
  messages: 100,
  listItems: 100,
  textChars: 4_096,
  /** All of what a template sees of one notification: characters, and as many for each value as it costs beside them. */
  dataChars: 4 * MIB,
  valueCost: 32,
  /** Values are shortened to these, one after the other, when the whole does not fit the medium. */
  shorterChars: [400, 100, 40],
  /** Failures of templates that were said; each is said once a template. */
  saidFailures: 256,
} as const;

/** Sinks of the dispatcher that are code: mail, syslog, files, scripts, own modules. */
export const ownSinkLimits = {
  /** Alerts of one mail, as in ntopng. */
  mailAlerts: 100,
  /** Code points of a mail's body, each part; servers commonly take 10 MiB. */
  mailChars: 500_000,
  /** Code points of a subject: three lines in most clients, and far from RFC 5322's 998 when encoded. */
  subjectChars: 120,
  /** A whole mail, from the connection to the answer. RFC 5321 would have us wait 10 min for the last answer alone. */
  mailMs: 120_000,
  /** To connect and be greeted; silence within a session. */
  mailConnectMs: 20_000,
  mailSilenceMs: 60_000,
  /** Connections to one server, and mails on one of them. */
  mailConnections: 3,
  mailsPerConnection: 100,
  /** Alerts of which some addresses of a recipient have had their mail, so that only the others get it again. */
  partialAlerts: 10_000,
  /** Addresses of one recipient: servers take 100 (RFC 5321 §4.5.3.1.8). */
  mailAddresses: 100,
  /** Characters of a provider's words that are kept in a reason. */
  reasonChars: 300,
  /** Messages of one call to syslog, a file, another dispatcher. */
  machineMessages: 500,
  /** One datagram: what RFC 5426 §3.2 asks receivers to take. */
  datagramBytes: 2_048,
  /** Datagrams in a row, and the pause after them: a receiver's buffer holds about a hundred large ones. */
  datagramBurst: 32,
  datagramPauseMs: 10,
  /** One line of a stream: rsyslog's own limit. */
  streamLineBytes: 8 * KIB,
  /** The most that `max_bytes` may say: one UDP datagram of IPv4. */
  lineBytes: 65_507,
  /** A syslog receiver has so long to connect, and to read all and close after we have. */
  syslogConnectMs: 10_000,
  syslogReceiptMs: 30_000,
  /** A whole call to a machine. */
  machineMs: 120_000,
  /** Appended in one call; also what is looked at for the end of the last whole line after a crash. */
  fileTailBytes: 4 * MIB,
  /** Rotated files that are kept at most. */
  fileKeep: 1_000,
  /** A script or a module; `timeout` may ask for up to ten times as much. */
  scriptMs: 30_000,
  /** Between asking a script to end and killing it. */
  scriptKillMs: 1_000,
  /** Of what a script writes; the rest is read and dropped. */
  scriptOutputBytes: 64 * KIB,
  /** Own modules of a directory, and bytes of one. */
  modules: 100,
  moduleBytes: 1 * MIB,
  /** A module that asks for a later try is not put off for longer. */
  retryAfterMaxMs: 3_600_000,
  /** Messages whose refusals by a gateway are remembered. */
  refusals: 1_000,
  /** The shortest pause between two pings of a watchdog, and the longest one ping may take. */
  pingMinMs: 10_000,
  pingMs: 10_000,
} as const;

/** The sources that are no HTTPS (src/dispatcher/sources/line). */
export const lineLimits = {
  /** The same warning is said again after so long, with how often it happened meanwhile. */
  repeatMs: 600_000,
  /** Messages of one key over SMTP and syslog; HTTP has its own, set by the operator. */
  keyRatePerMinute: 300,
  /** At the end: what is under way gets so long. */
  drainMs: 3_000,
} as const;

/** Mail as a source. */
export const smtpLimits = {
  connections: 64,
  perAddress: 16,
  /** Silence of the client. */
  idleMs: 60_000,
  /** A connection ends after so long, whatever it does: an endless mail holds nothing for ever. */
  lifeMs: 600_000,
  /** All mails being received; beyond it they stay at their senders. One must fit. */
  inFlightBytes: 64 * MIB,
  /** Channels of one mail. */
  recipients: 50,
  /** Wrong keys and channels of one connection; then it is ended. */
  failures: 10,
  /** One command line; a key takes 64 characters, AUTH one more third. */
  commandBytes: 2 * KIB,
  mimeDepth: 16,
  mailHeaderBytes: 256 * KIB,
  /** Names of attachments that are kept. */
  attachments: 20,
} as const;

/** Syslog as a source. */
export const syslogLimits = {
  /** One message; a datagram cannot be longer. RFC 5424 asks for 2 KiB, collectors send more. */
  frameBytes: 64 * KIB,
  /** Messages that wait for the store; beyond it datagrams are dropped and counted, and streams are not read. */
  queuedMessages: 20_000,
  queuedBytes: 16 * MIB,
  /** Streams are read again when no more than so many wait. */
  resumeMessages: 10_000,
  /** Connections, closed ones included, of which something read waits for room: each has a frame and a chunk at most. */
  waiting: 512,
  /** One transaction of the store. */
  batchMessages: 100,
  batchBytes: 1 * MIB,
  /** A store that failed is asked again after so long. */
  retryMs: 1_000,
  connections: 256,
  perAddress: 64,
  handshakeMs: 10_000,
  /** Silence after which TCP asks whether the peer is still there. */
  keepAliveMs: 60_000,
  /** Asked of the kernel for a burst of datagrams; net.core.rmem_max bounds it. */
  receiveBufferBytes: 4 * MIB,
} as const;

/** SecARC's POST /alert. */
export const secarcLimits = {
  connections: 64,
  perAddress: 16,
  /** Head and body of a request, and silence between two. */
  requestMs: 10_000,
  headerBytes: 8 * KIB,
  /** An alert has 200 bytes. */
  bodyBytes: 64 * KIB,
} as const;

/** RSS and Atom feeds as sources. */
export const feedLimits = {
  /** A document; feeds of advisories have some hundred entries of a kilobyte. */
  bytes: 4 * MIB,
  /** One fetch, from the name's resolution to the last byte. */
  timeoutMs: 30_000,
  /** However short the configured interval is: feeds are others' servers. */
  minEveryMs: 60_000,
  /** A feed that goes on failing for the same reason is said again after so long. */
  repeatMs: 24 * 3_600_000,
  /** The longest Retry-After that is honoured. */
  retryAfterMaxMs: 24 * 3_600_000,
  /** Entries of one poll that become alerts; more wait for the next. */
  itemsPerPoll: 100,
  /** Entries of a feed that are remembered, so that one that was away and comes back is not new. */
  remembered: 5_000,
} as const;
