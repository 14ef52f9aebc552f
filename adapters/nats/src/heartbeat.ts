import { hash } from "node:crypto";

/** The bounds of the time to live of a registration, in milliseconds. */
export const shortestTtlMs = 100;
export const longestTtlMs = 600_000;

/** The message of an instance that is alive. */
export interface Heartbeat {
	/** How long the instance counts as alive from now on, in milliseconds. */
	readonly ttlMs: number;
	/** Distinguishes the contents of its record. */
	readonly version: string;
}

/** The version of a record: part of the hash of its text. */
export function recordVersion(text: string): string {
	return hash("sha256", text, "base64url").slice(0, 11);
}

/** A heartbeat as it is sent: `5000 Xo3kE9-aQ1w`. */
export function heartbeatText({ ttlMs, version }: Heartbeat): string {
	return `${ttlMs} ${version}`;
}

/** Reads a heartbeat; undefined when it is none. */
export function parseHeartbeat(text: string): Heartbeat | undefined {
	const [, ttl = "", version = ""] = /^(\d{1,6}) ([\w-]{1,32})$/.exec(text) ?? [];
	const ttlMs = Number(ttl);
	return version !== "" && ttlMs >= shortestTtlMs && ttlMs <= longestTtlMs ? { ttlMs, version } : undefined;
}
