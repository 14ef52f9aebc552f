import type { Context, Endpoint, Method, ServiceError } from "@allium/core";
import { clientClosed, notCarried, type Peer, Reflection } from "@allium/core/transport";
import { Names } from "../names.ts";
import { namespaceOf } from "./call-address.ts";
import type { CallLink } from "./call-link.ts";
import type { CallTarget } from "./calling-channel.ts";
import { queueCallee } from "./outgoing-call.ts";

/** The way to all instances whose services have queues in one namespace. */
export class QueuePeer implements Peer {
	readonly #link: CallLink;
	readonly #maxMessageBytes: number;
	readonly #names: Names;
	readonly #release: () => Promise<void>;
	#isClosed = false;

	/** @throws ServiceError `invalid_argument` for an address of another form. */
	constructor(address: string, link: CallLink, maxMessageBytes: number) {
		this.#names = new Names(namespaceOf(address));
		this.#link = link;
		this.#maxMessageBytes = maxMessageBytes;
		this.#release = link.use();
	}

	get refusesUntil(): number {
		return this.#link.refusesUntil;
	}

	get isShared(): boolean {
		return true;
	}

	endpoint(method: Method): Endpoint {
		if (method.kind !== "unary") return () => Promise.reject(hasStream(method));
		const callee = queueCallee(method, this.#maxMessageBytes);
		return (input, ctx) => {
			if (this.#isClosed) return Promise.reject(clientClosed());
			try {
				const target = { names: this.#names, service: serviceOf(method, input), callee, owner: this };
				return this.#send(target, callee.encode(input), ctx);
			} catch (error) {
				return Promise.reject(error);
			}
		};
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#link.current?.end(this);
		await this.#release();
	}

	#send(target: CallTarget, body: Buffer, ctx: Context): Promise<unknown> {
		const { current } = this.#link;
		if (current !== undefined) return current.call(target, body, ctx);
		return this.#link.opened(ctx).then((channel) => {
			if (this.#isClosed) throw clientClosed();
			return channel.call(target, body, ctx);
		});
	}
}

/** The service to whose queue a call goes. A call for reflection goes to the service in its input. */
function serviceOf({ service }: Method, input: unknown): string {
	if (service !== Reflection["~allium"].name) return service;
	return typeof input === "object" && input !== null && "service" in input ? String(input.service) : service;
}

function hasStream({ path }: Method): ServiceError {
	return notCarried(
		`${path} has a stream, and calls over RabbitMQ are unary: call it at another address of its instances`,
	);
}
