import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import { readAll } from "../platform/read-all.ts";
import { type BodyReader, type HttpRequest, headerOf } from "./http-request.ts";

/** A request of HTTP/1.1, read by Node's parser. */
export class Http1Request implements HttpRequest {
	readonly version = 1;
	readonly method: string;
	target: string;
	path = "";
	authority: string | undefined = undefined;
	readonly rawHeaders: string[];
	readonly peer: PeerInfo;
	readonly load = undefined;
	readonly upgradeSocket: Socket | undefined;
	readonly original: IncomingMessage;

	constructor(original: IncomingMessage, peer: PeerInfo, upgradeSocket?: Socket) {
		this.original = original;
		this.method = original.method ?? "";
		this.target = original.url ?? "";
		this.rawHeaders = original.rawHeaders;
		this.peer = peer;
		this.upgradeSocket = upgradeSocket;
	}

	get isSecure(): boolean {
		return "encrypted" in this.original.socket;
	}

	get hasBody(): boolean {
		const length = this.header("content-length");
		return this.header("transfer-encoding") !== undefined || (length !== undefined && length !== "0");
	}

	get isComplete(): boolean {
		return this.original.complete || this.original.destroyed;
	}

	header(name: string): string | undefined {
		return headerOf(this.rawHeaders, name);
	}

	takeBody(): Buffer | undefined {
		return this.original.complete ? (readAll(this.original) ?? nothingRead) : undefined;
	}

	readBody(reader: BodyReader): void {
		let isWhole = false;
		this.original
			.on("data", (chunk: Buffer) => reader.data(chunk))
			.on("end", () => {
				isWhole = true;
				reader.end();
			})
			.on("close", () => {
				if (!isWhole) reader.broken();
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

	/** Ends a request that continues long after its answer, together with its connection. */
	cutShort(): void {
		if (!this.isComplete) this.original.socket.destroy();
	}
}

const nothingRead: Buffer = Buffer.alloc(0);
