import {
	type AnyContract,
	type EncodedMessage,
	type EndpointTable,
	jsonFormat,
	type MethodCodecs,
	methodCodecs,
	ServiceError,
	toServiceError,
} from "@allium/core";
import { decodeBytes, messageTooLarge, ServerCall, standardBytes, succeeded } from "@allium/core/transport";
import type { Msg } from "@nats-io/transport-node";
import type { NatsLink } from "./nats-link.ts";
import { errorReply, outputReply, type PlainReply } from "./plain-reply.ts";
import { type PlainRequest, readPlainRequest } from "./plain-request.ts";
import { requestsQueue, requestsSubject } from "./transport-subjects.ts";

/** The bytes of requests that may be under way at once. Each counts for at least a kibibyte. */
const maxHeldBytes = 16 * 1024 * 1024;
const leastBytes = 1024;

/** Options for serving plain requests. */
export interface PlainRequestsOptions {
	readonly link: NatsLink;
	readonly namespace: string;
	readonly endpoints: EndpointTable;
}

/**
 * Answers requests of NATS clients that know nothing of Allium: JSON at `allium.<namespace>.<service>.<method>`, JSON
 * back. The instances of a service share them as a queue group. Metadata travels as headers, and errors as in the
 * Connect protocol. Only unary methods can be called in this way.
 */
export class PlainRequests {
	readonly #options: PlainRequestsOptions;
	/** The functions that end subscriptions, by the name of the service. */
	readonly #subscriptions = new Map<string, () => void>();
	readonly #unlisten: (() => void) | undefined;
	readonly #calls = new Set<ServerCall>();
	#heldBytes = 0;
	#isDraining = false;
	readonly #drained = Promise.withResolvers<void>();

	constructor(options: PlainRequestsOptions) {
		this.#options = options;
		const { endpoints } = options;
		this.#unlisten = endpoints.onChange?.(() => this.#subscribe(endpoints.contracts));
		this.#subscribe(endpoints.contracts);
	}

	/** Takes no further requests. Resolves when the requests under way were answered. */
	drain(): Promise<void> {
		this.#isDraining = true;
		this.#unlisten?.();
		for (const unsubscribe of this.#subscriptions.values()) unsubscribe();
		this.#subscriptions.clear();
		if (this.#calls.size === 0) this.#drained.resolve();
		return this.#drained.promise;
	}

	/** Takes no further requests, and cancels the requests under way. Resolves when their callers were told. */
	close(): Promise<void> {
		const drained = this.drain();
		for (const call of [...this.#calls]) call.cancel();
		return drained;
	}

	#subscribe(contracts: readonly AnyContract[]): void {
		if (this.#isDraining) return;
		const { link, namespace } = this.#options;
		const names = new Set(contracts.map((contract) => contract["~allium"].name));
		for (const [name, unsubscribe] of this.#subscriptions) {
			if (names.has(name)) continue;
			unsubscribe();
			this.#subscriptions.delete(name);
		}
		for (const name of names) {
			if (this.#subscriptions.has(name)) continue;
			const subject = requestsSubject(namespace, name);
			const receive = (message: Msg): void => this.#receive(name, message);
			this.#subscriptions.set(name, link.subscribe({ subject, queue: requestsQueue, receive }));
		}
	}

	#receive(service: string, message: Msg): void {
		const request = readPlainRequest(service, message);
		// Without a subject for the reply nobody waits for one.
		if (request === undefined) return;
		const { path, metadata, timeoutMs, reply } = request;
		const peer = { address: `nats://${reply}` };
		const call = new ServerCall(this.#options.endpoints, { path, metadata, timeoutMs, peer });
		const bytes = Math.max(leastBytes, request.body.length);
		this.#calls.add(call);
		this.#heldBytes += bytes;
		void this.#answer(request, call).finally(() => {
			this.#calls.delete(call);
			this.#heldBytes -= bytes;
			if (this.#isDraining && this.#calls.size === 0) this.#drained.resolve();
		});
	}

	/** Never rejects: an error goes into the reply, unless there is nobody left to tell. */
	async #answer(request: PlainRequest, call: ServerCall): Promise<void> {
		const { path } = request;
		const service = path.slice(0, path.lastIndexOf("/"));
		try {
			const output = await this.#run(request, call);
			const text = call.encode<EncodedMessage>(codecsOf(call).output, output);
			this.#send(request.reply, outputReply(text, call.response));
			call.settle(succeeded);
		} catch (thrown) {
			const error = toServiceError(thrown);
			call.settle({ ok: false, error });
			try {
				this.#send(request.reply, errorReply(error, service, call.response));
			} catch {
				// The connection is gone: the caller learns of it by its own timeout.
			}
		}
	}

	#run(request: PlainRequest, call: ServerCall): Promise<unknown> {
		if (this.#heldBytes > maxHeldBytes) return Promise.reject(tooMany());
		const { ctx } = call;
		const ended = new Promise<never>((_, reject) => {
			ctx.signal.addEventListener("abort", () => reject(ctx.error), { once: true });
		});
		return Promise.race([call.run(() => readInput(request, call)), ended]);
	}

	/** @throws ServiceError for a reply that is larger than the server takes, or when there is no connection. */
	#send(subject: string, { body, headers }: PlainReply): void {
		const { link } = this.#options;
		const limit = link.maxMessageBytes - headerRoomBytes;
		if (body.length > limit) throw messageTooLarge(limit);
		link.publish(subject, body, { headers });
	}
}

/** The room that the headers of a reply may take in a message of NATS, in bytes: that of metadata, twice. */
const headerRoomBytes = 32 * 1024;

/** Decodes the input of a call. If the method has none, a missing message counts as an empty one. */
function readInput({ body, error }: PlainRequest, call: ServerCall): unknown {
	if (error !== undefined) throw error;
	const codecs = codecsOf(call);
	if (body.length === 0 && call.served?.method.input === undefined) return {};
	return decodeBytes(codecs.input, standardBytes, body);
}

/** @throws ServiceError `unimplemented` for a method with a stream, or one that JSON cannot carry. */
function codecsOf({ served }: ServerCall): MethodCodecs {
	const codecs = served?.method.kind === "unary" ? methodCodecs(served.method, jsonFormat) : undefined;
	if (codecs !== undefined) return codecs;
	throw new ServiceError({
		code: "unimplemented",
		message: `${served?.method.path ?? "the method"} cannot be called by one request; use a client of Allium`,
	});
}

function tooMany(): ServiceError {
	const message = "too many requests are under way; try again later";
	return new ServiceError({ code: "resource_exhausted", message, retryAfterMs: 1_000 });
}
