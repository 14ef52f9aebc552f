import type { Http2ServerRequest, ServerHttp2Stream } from "node:http2";
import type { PeerInfo } from "@allium/core";
import { http2 } from "../platform/builtins.ts";
import { type BodyReader, type HttpRequest, headerOf } from "./http-request.ts";
import type { Http2Load } from "./http2-load.ts";

/** A request of HTTP/2, read by Node. */
export class Http2Request implements HttpRequest {
	readonly version = 2;
	readonly method: string;
	target: string;
	path = "";
	authority: string | undefined;
	readonly rawHeaders: string[];
	readonly peer: PeerInfo;
	readonly load: Http2Load;
	readonly upgradeSocket = undefined;
	readonly original: Http2ServerRequest;
	readonly #stream: ServerHttp2Stream;

	constructor(original: Http2ServerRequest, peer: PeerInfo, load: Http2Load) {
		this.original = original;
		this.#stream = original.stream;
		this.method = original.method;
		this.target = original.url;
		this.authority = original.authority;
		this.rawHeaders = original.rawHeaders;
		this.peer = peer;
		this.load = load;
		// An error without a listener would be an uncaught exception. The close reports what matters.
		original.on("error", nothing);
	}

	get isSecure(): boolean {
		return "encrypted" in this.original.socket;
	}

	get hasBody(): boolean {
		return !this.#stream.endAfterHeaders;
	}

	get isComplete(): boolean {
		return this.original.complete || this.original.destroyed || this.#stream.endAfterHeaders;
	}

	header(name: string): string | undefined {
		return headerOf(this.rawHeaders, name);
	}

	/** It is not known whether the whole body has arrived. */
	takeBody(): undefined {
		return undefined;
	}

	readBody(reader: BodyReader, isEndExact = false): void {
		let isOver = false;
		const ended = (): void => {
			isOver = true;
			// Node ends the body of a request that was reset as if it were complete.
			if (this.#stream.aborted) reader.broken();
			else reader.end();
		};
		this.original
			.on("data", (chunk: Buffer) => reader.data(chunk))
			.on("end", () => {
				if (isEndExact) this.load.ends.settle(ended);
				else ended();
			})
			.on("close", () => {
				if (!isOver) reader.broken();
			});
	}

	pause(): void {
		this.original.pause();
	}

	resume(): void {
		this.original.resume();
	}

	discard(): void {
		this.original.unpipe();
		this.original.resume();
	}

	/** Calls back once the whole request has been read. */
	onEnd(listener: () => void): void {
		this.original.once("end", listener);
	}

	/** Ends a request that continues long after its answer. */
	cutShort(): void {
		if (!this.isComplete) this.#stream.close(http2().constants.NGHTTP2_NO_ERROR);
	}
}

function nothing(): void {}
