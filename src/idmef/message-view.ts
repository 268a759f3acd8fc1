/**
 * The shape of a message's view (view.ts makes it): what templates, `idmef show` and listings may rely on.
 *
 * RFC 4765 class names in camel case. Every value is a string as written, trimmed, '' where the message has none;
 * defaults of the RFC are not filled in. Repeatable elements are lists, absent optional classes are undefined.
 */

export interface TimeView {
  /** UTC, ISO 8601, at most microseconds; '' when neither stamp nor text can be read. */
  readonly iso: string;
  /** As written. */
  readonly text: string;
  readonly ntpstamp: string;
}

export interface AddressView {
  readonly category: string;
  readonly address: string;
  readonly netmask: string;
}

export interface NodeView {
  readonly name: string;
  readonly location: string;
  readonly addresses: readonly AddressView[];
}

export interface ProcessView {
  readonly name: string;
  readonly pid: string;
  readonly path: string;
  readonly args: readonly string[];
}

export interface AnalyzerView {
  readonly analyzerid: string;
  readonly name: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly version: string;
  readonly class: string;
  readonly node: NodeView | undefined;
  readonly process: ProcessView | undefined;
}

export interface ServiceView {
  readonly name: string;
  readonly port: string;
  readonly portlist: string;
  readonly protocol: string;
  readonly url: string;
}

export interface FileView {
  readonly category: string;
  readonly name: string;
  readonly path: string;
  readonly checksums: readonly { readonly algorithm: string; readonly value: string }[];
}

/** A Source or a Target. */
export interface EndpointView {
  readonly node: NodeView | undefined;
  readonly users: readonly { readonly type: string; readonly name: string; readonly number: string }[];
  readonly process: ProcessView | undefined;
  readonly service: ServiceView | undefined;
  readonly files: readonly FileView[];
}

export interface ReferenceView {
  readonly origin: string;
  readonly name: string;
  readonly url: string;
  readonly meaning: string;
}

export interface AdditionalDataView {
  readonly meaning: string;
  readonly type: string;
  /** boolean as true or false, integers and reals that a number holds exactly as numbers, all else as text. */
  readonly value: string | number | boolean;
}

export interface MessageView {
  /** `Alert` or `Heartbeat`. */
  readonly kind: string;
  readonly messageid: string;
  /** The chain: the one who sent it last first, the originator last (§4.2.4.1). */
  readonly analyzers: readonly AnalyzerView[];
  readonly createTime: TimeView;
  readonly detectTime: TimeView | undefined;
  readonly analyzerTime: TimeView | undefined;
  readonly heartbeatInterval: string;
  readonly classification: string;
  readonly references: readonly ReferenceView[];
  readonly severity: string;
  readonly completion: string;
  readonly impactType: string;
  readonly impact: string;
  readonly actions: readonly { readonly category: string; readonly text: string }[];
  readonly confidence: string;
  readonly sources: readonly EndpointView[];
  readonly targets: readonly EndpointView[];
  /** ToolAlert, CorrelationAlert or OverflowAlert; '' for none. */
  readonly special: string;
  readonly specialName: string;
  readonly alertidents: readonly { readonly messageid: string; readonly analyzerid: string }[];
  readonly additionalData: readonly AdditionalDataView[];
}
