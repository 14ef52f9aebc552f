import type { Http2ServerRequest, ServerHttp2Stream } from "node:http2";
import type { PeerInfo } from "@allium/core";
import { http2 } from "../platform/builtins.ts";
import type { Http2Load } from "./http2-load.ts";
import { NodeRequest } from "./node-request.ts";

/** A request of HTTP/2, read by Node. */
export class Http2Request extends NodeRequest<Http2ServerRequest> {
	readonly version = 2;
	readonly load: Http2Load;
	readonly upgradeSocket = undefined;
	readonly #stream: ServerHttp2Stream;

	constructor(original: Http2ServerRequest, peer: PeerInfo, load: Http2Load) {
		super(original, peer, original.authority);
		this.#stream = original.stream;
		this.load = load;
		// An error without a listener would be an uncaught exception. The event `close` reports everything that matters.
		original.on("error", nothing);
	}

	get hasBody(): boolean {
		return !this.#stream.endAfterHeaders;
	}

	get isComplete(): boolean {
		return this.original.complete || this.original.destroyed || this.#stream.endAfterHeaders;
	}

	/** It is not known whether the whole body has arrived. */
	takeBody(): undefined {
		return undefined;
	}

	/** Ends a request that continues long after its answer. */
	cutShort(): void {
		if (!this.isComplete) this.#stream.close(http2().constants.NGHTTP2_NO_ERROR);
	}

	protected override get isCutOff(): boolean {
		return this.#stream.aborted;
	}

	protected override settleEnd(settled: () => void): void {
		this.load.ends.settle(settled);
	}
}

function nothing(): void {}
