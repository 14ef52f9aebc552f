import type { Context } from "@allium/core";
import type { beginTimeoutMs } from "./begin.ts";

/**
 * A part of a process, such as its registry, its port or its registration. Parts are started in order, and drained and
 * stopped in the reverse order.
 *
 * `drain` and `stop` are called once each, even when the part was not started or its start failed; then they release
 * what there is to release. If one fails, the log says so, and the later parts have their turn all the same.
 */
export interface Part {
	/** For the log, such as `the port`. */
	readonly name: string;
	/**
	 * Resolves when the parts that follow may start. If it fails, the whole process gives up.
	 *
	 * @param ctx ends after {@link beginTimeoutMs}, and when the process is told to stop.
	 */
	start?(ctx: Context): Promise<void> | void;
	/** Takes nothing new. Resolves when all work under way has ended or has taken too long. */
	drain?(): Promise<void> | void;
	/** Ends everything at once. Resolves when no handle is left. */
	stop?(): Promise<void> | void;
}
