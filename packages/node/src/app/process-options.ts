import type { Logger } from "@allium/core";
import type { Acceptor, Dialer } from "@allium/core/transport";
import type { Adapters } from "../config/backends.ts";
import type { ConfigOverrides } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { MetricsSource } from "../protocol/operations.ts";
import type { PortProtocol } from "../protocol/port-protocol.ts";

/**
 * The options of every process that serves. An option that is missing comes from the environment, or has a default. A
 * port such as `registry` is a URL, or a port that is open already and stays open.
 */
export interface ProcessOptions extends ConfigOverrides {
	/** Adapters by scheme. They take precedence over installed ones. */
	readonly adapters?: Adapters;
	/**
	 * Transports in addition to Node's and to the one that `transport` names. They are preferred to these, unless
	 * `schemes` says otherwise. Clients use the transports that dial, and the process can also be reached on the
	 * transports that listen.
	 */
	readonly transports?: readonly (Dialer | Acceptor)[];
	/**
	 * Protocols over HTTP on the port, in addition to Connect, REST, event streams and the operations routes. Default:
	 * none.
	 */
	readonly protocols?: readonly PortProtocol[];
	/** The answer of `/metrics`, such as `telemetry.prometheus` of `@allium/telemetry`. Default: 404. */
	readonly metrics?: MetricsSource;
	/** Default: lines on standard output. */
	readonly logger?: Logger;
	/**
	 * How long calls are still accepted after `/readyz` has turned to 503 and the registry has been told, in
	 * milliseconds. Default: 500.
	 */
	readonly drainDelayMs?: number;
	/**
	 * How long calls in flight may take when the process stops, in milliseconds; Infinity for no limit. Default: 10
	 * s.
	 */
	readonly gracePeriodMs?: number;
	/**
	 * How long streams may continue when the process stops, in milliseconds; Infinity for as long as other calls.
	 * After that their contexts end, and their callers see `unavailable` with the reason `server_stopping`. Default:
	 * half of `gracePeriodMs`.
	 */
	readonly streamGraceMs?: number;
	/** Default: the environment of the process. */
	readonly env?: Environment;
}
