import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import { type BodyReader, type ConnectionLoad, type HttpRequest, headerOf } from "./http-request.ts";

/** A request that Node has read, in either version of HTTP. */
export abstract class NodeRequest<Original extends IncomingMessage | Http2ServerRequest>
	implements HttpRequest
{
	abstract readonly version: 1 | 2;
	abstract readonly load: ConnectionLoad | undefined;
	abstract readonly upgradeSocket: Socket | undefined;
	readonly method: string;
	target: string;
	path = "";
	authority: string | undefined;
	readonly rawHeaders: string[];
	readonly peer: PeerInfo;
	readonly original: Original;

	constructor(original: Original, peer: PeerInfo, authority: string | undefined) {
		this.original = original;
		this.method = original.method ?? "";
		this.target = original.url ?? "";
		this.authority = authority;
		this.rawHeaders = original.rawHeaders;
		this.peer = peer;
	}

	abstract get hasBody(): boolean;
	abstract get isComplete(): boolean;
	abstract takeBody(): Buffer | undefined;
	/** Ends a request that continues long after its answer. */
	abstract cutShort(): void;

	get isSecure(): boolean {
		return "encrypted" in this.original.socket;
	}

	header(name: string): string | undefined {
		return headerOf(this.rawHeaders, name);
	}

	readBody(reader: BodyReader, isEndExact = false): void {
		let isOver = false;
		const broken = (): void => {
			if (isOver) return;
			isOver = true;
			reader.broken();
		};
		const ended = (): void => {
			if (this.isCutOff) broken();
			if (isOver) return;
			isOver = true;
			reader.end();
		};
		this.original
			.on("data", (chunk: Buffer) => reader.data(chunk))
			.on("end", () => (isEndExact ? this.settleEnd(ended) : ended()))
			.on("close", broken);
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

	/** Whether the client has reset the request, although Node ended its body as if it were complete. */
	protected get isCutOff(): boolean {
		return false;
	}

	/** Calls back when a reset that the client sent after the end of the request would have arrived. */
	protected settleEnd(settled: () => void): void {
		settled();
	}
}
