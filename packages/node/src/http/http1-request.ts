import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import { readAll } from "../platform/read-all.ts";
import { NodeRequest } from "./node-request.ts";

/** A request of HTTP/1.1, read by Node's parser. */
export class Http1Request extends NodeRequest<IncomingMessage> {
	readonly version = 1;
	readonly load = undefined;
	readonly upgradeSocket: Socket | undefined;

	constructor(original: IncomingMessage, peer: PeerInfo, upgradeSocket?: Socket) {
		super(original, peer, undefined);
		this.upgradeSocket = upgradeSocket;
	}

	get hasBody(): boolean {
		const length = this.header("content-length");
		return this.header("transfer-encoding") !== undefined || (length !== undefined && length !== "0");
	}

	get isComplete(): boolean {
		return this.original.complete || this.original.destroyed;
	}

	takeBody(): Buffer | undefined {
		return this.original.complete ? (readAll(this.original) ?? nothingRead) : undefined;
	}

	/** Ends a request that continues long after its answer, together with its connection. */
	cutShort(): void {
		if (!this.isComplete) this.original.socket.destroy();
	}
}

const nothingRead: Buffer = Buffer.alloc(0);
