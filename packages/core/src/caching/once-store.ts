import type { Context } from "../context/context.ts";

/** One attempt at a call. */
export interface OnceAttempt {
	/** Its own id. */
	readonly id: string;
	/** A hash of its input. */
	readonly input: string;
}

/** The record of a call. */
export interface OnceRecord {
	/** A hash of the input of its first attempt. */
	readonly input: string;
	/** How it ended; undefined while an attempt is under way. */
	readonly outcome: string | undefined;
}

/**
 * The store in which `once` keeps the outcomes of calls. All times are measured by the store's own clock. Operations
 * reject with `unavailable` while the backend does not answer.
 */
export interface OnceStore {
	/** The location of the store as a URL for people to read: complete, but without secrets. */
	readonly location?: string | undefined;
	/**
	 * Marks a call as under way if the store has no record of it or its mark has expired. Otherwise returns the record. Of
	 * several attempts at the same time exactly one gets undefined.
	 */
	begin(key: string, attempt: OnceAttempt, markMs: number, ctx: Context): Promise<OnceRecord | undefined>;
	/** Makes the mark of an attempt last longer. False when the call is no longer its own. */
	renew(key: string, attempt: OnceAttempt, markMs: number, ctx: Context): Promise<boolean>;
	/**
	 * Keeps how the call ended, in place of the mark. False when another attempt has taken the call over; a mark that has
	 * expired is still good where none has.
	 */
	end(key: string, attempt: OnceAttempt, outcome: string, ttlMs: number, ctx: Context): Promise<boolean>;
	/** Removes the mark of an attempt: it came to nothing, and the next one may try. */
	abandon(key: string, attempt: OnceAttempt, ctx: Context): Promise<void>;
	close(): Promise<void>;
}
