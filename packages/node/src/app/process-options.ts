import type { Logger } from "@allium/core";
import type { Acceptor, Dialer } from "@allium/core/transport";
import type { Adapters } from "../config/backends.ts";
import type { ConfigOverrides } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";

/**
 * What every process that serves is made with. What is not given comes from the environment, or has a default. A port
 * such as `registry` is a URL, or a port that is open already and stays open.
 */
export interface ProcessOptions extends ConfigOverrides {
	/** Adapters by scheme, before those that are installed. */
	readonly adapters?: Adapters;
	/**
	 * Transports beside those of Node, before them in preference: those that dial are used by clients, and on those that
	 * listen the process can be reached, too.
	 */
	readonly transports?: readonly (Dialer | Acceptor)[];
	/** Default: lines on standard output. */
	readonly logger?: Logger;
	/**
	 * How long calls are still accepted after `/readyz` has turned to 503 and the registry was told, in milliseconds.
	 * Default: 500.
	 */
	readonly drainDelayMs?: number;
	/**
	 * How long calls in flight may take when the process stops, in milliseconds; Infinity for as long as they take.
	 * Default: 10 s.
	 */
	readonly gracePeriodMs?: number;
	/**
	 * How long streams may go on when the process stops, in milliseconds; Infinity for as long as other calls. After
	 * that their contexts end, and their callers see `unavailable` with the reason `server_stopping`. Default: half of
	 * `gracePeriodMs`.
	 */
	readonly streamGraceMs?: number;
	/** Default: that of the process. */
	readonly env?: Environment;
}
