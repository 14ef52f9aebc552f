import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { ResetCount } from "@allium/core/frames";
import { http2 } from "../platform/builtins.ts";
import type { ServerLimits } from "../server/limits.ts";
import { Http2Ends } from "./http2-ends.ts";

/** The factor by which held replies may exceed their bound, for calls that began before it was reached. */
const mostHeldTimes = 16;

/**
 * The load of one connection of HTTP/2: running handlers whose streams were reset, replies that the client does not
 * read, and resets. HTTP/2 itself counts streams only while they are open.
 */
export class Http2Load {
	/** The number of running handlers. */
	running = 0;
	/** Bytes of replies that were handed over and have not been sent. */
	heldReplyBytes = 0;
	/** Tells the ends of its requests from resets. */
	readonly ends: Http2Ends;
	readonly #session: ServerHttp2Session;
	readonly #limits: ServerLimits;
	readonly #resets: ResetCount;

	constructor(session: ServerHttp2Session, limits: ServerLimits) {
		this.#session = session;
		this.ends = new Http2Ends(session);
		this.#limits = limits;
		this.#resets = new ResetCount(limits.resets);
	}

	/** A stream has begun. */
	add(stream: ServerHttp2Stream): void {
		stream.once("close", () => {
			if (stream.aborted && this.#resets.exceeded()) this.#calm();
		});
	}

	/**
	 * Whether another call may begin. A stream for which there is no room is refused, which tells the client that it
	 * did not run.
	 */
	admits(): boolean {
		return this.running < this.#limits.streams && this.heldReplyBytes <= this.#limits.heldReplyBytes;
	}

	/**
	 * Whether a reply has no room any more. Replies of calls that began before the bound was reached may exceed it,
	 * so that a client that asks for many at once gets all of them. They may exceed it by a limited factor only.
	 */
	get isOverfull(): boolean {
		return this.heldReplyBytes > mostHeldTimes * this.#limits.heldReplyBytes;
	}

	/** Ends a connection that only causes load. */
	#calm(): void {
		if (this.#session.destroyed) return;
		const { NGHTTP2_ENHANCE_YOUR_CALM: calm } = http2().constants;
		this.#session.goaway(calm);
		this.#session.destroy(undefined, calm);
	}
}
