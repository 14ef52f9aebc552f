import {
	type EndpointTable,
	type MethodCodecs,
	type ReadonlyMetadata,
	ServiceError,
	toServiceError,
} from "@allium/core";
import { forgetOldest } from "@allium/core/adapter";
import { Deadlines, every, ServerCall, type SparingLog } from "@allium/core/transport";
import type { AsyncMessage } from "rabbitmq-client";
import { judge, notExecuted, tooManyCalls, type Verdict } from "./call-verdict.ts";
import { IncomingCall } from "./incoming-call.ts";
import type { ReplyAddresses } from "./reply-addresses.ts";
import { errorReply, type OutgoingReply } from "./reply-message.ts";
import { type IncomingRequest, readRequest, requestMetadata } from "./request-message.ts";
import type { ReturnedCall, ServiceQueues } from "./service-queues.ts";

/** RabbitMQ closes the channel of who holds a message for longer than half an hour. */
const defaultHoldMs = 10 * 60_000;

/** The bytes of requests that may be under way at once. Each counts for at least a kibibyte. */
const maxHeldBytes = 64 * 1024 * 1024;
const leastBytes = 1024;

/** The handlers that may run at once, though their callers may have given them up. */
const maxRunning = 16_384;

/** The cancellations that are remembered for calls that still wait in a queue. */
const maxCanceled = 10_000;

/** How often it looks for callers that are gone, in milliseconds. Shorter calls are over by then. */
const lookEveryMs = 1_000;

/** The parts that all calls of a listener share. */
export interface ReceivedCallsOptions {
	readonly endpoints: EndpointTable;
	readonly addresses: ReplyAddresses;
	/** The origin of calls, as guards see it. */
	readonly peer: string;
	readonly maxMessageBytes: number;
	/** After how long the message of a call is acknowledged although the call runs, in milliseconds. Default: 10 min. */
	readonly holdMs?: number | undefined;
	readonly log: SparingLog;
}

/** The calls that were taken out of the queues of services, from their messages to their ends. */
export class ReceivedCalls {
	readonly #options: ReceivedCallsOptions;
	/** The calls in flight, with the queues that they came from. */
	readonly #calls = new Map<IncomingCall, ServiceQueues>();
	readonly #deadlines = new Deadlines(() => this.#calls.keys());
	/** The ids of calls that were given up before they came. */
	readonly #canceled = new Map<string, true>();
	readonly #looking = every(lookEveryMs, () => {
		this.#release();
		void this.#lookAfterCallers();
	});
	#isLooking = false;
	#heldBytes = 0;
	#running = 0;
	/** The messages that were not acknowledged yet. */
	#unanswered = 0;
	#isDraining = false;
	#idle = Promise.withResolvers<void>();

	constructor(options: ReceivedCallsOptions) {
		this.#options = options;
	}

	/** Takes a message. Whatever is in it, it does not throw. */
	receive(service: string, message: AsyncMessage, queues: ServiceQueues): void {
		this.#unanswered++;
		try {
			const request = readRequest(service, message);
			if (request === undefined) this.#drop(service, message, queues);
			else if (this.#options.addresses.isKnown(request.replyTo))
				this.#take(service, message, request, queues);
			else void this.#takeIfThere(service, message, request, queues);
		} catch (error) {
			this.#options.log.warn("a message over RabbitMQ could not be handled", { service, error });
			this.#acknowledge(message.deliveryTag, queues);
		}
	}

	async #takeIfThere(
		service: string,
		message: AsyncMessage,
		request: IncomingRequest,
		queues: ServiceQueues,
	): Promise<void> {
		const found = await this.#options.addresses.find(request.replyTo);
		if (found === "there") this.#take(service, message, request, queues);
		else if (found === "gone") this.#acknowledge(message.deliveryTag, queues);
		else this.#drop(service, message, queues);
	}

	/** Nobody can be answered. */
	#drop(service: string, { deliveryTag }: AsyncMessage, queues: ServiceQueues): void {
		this.#options.log.warn("a message was dropped: it wants no answer, or wants it where no caller waits", {
			service,
		});
		this.#acknowledge(deliveryTag, queues);
	}

	/** A caller gave a call up, which runs, or comes later, or has another instance. */
	cancel(id: string): void {
		for (const call of this.#calls.keys()) {
			if (call.options.request.id !== id) continue;
			call.abandon();
			return;
		}
		this.#canceled.set(id, true);
		if (this.#canceled.size > maxCanceled) forgetOldest(this.#canceled);
	}

	/** The connection over which calls came is gone: nobody can be answered. */
	lost(queues: ServiceQueues): void {
		for (const [call, from] of [...this.#calls]) if (from === queues) call.abandon();
	}

	/** Takes no further calls, and puts back calls that still come. */
	drain(): void {
		this.#isDraining = true;
	}

	/** Resolves when every message that has come was answered, or put back. */
	async idle(): Promise<void> {
		if (this.#unanswered === 0) return;
		this.#idle = Promise.withResolvers();
		await this.#idle.promise;
	}

	/** Ends the calls in flight, and tells their callers. */
	close(): void {
		this.drain();
		this.#looking.stop();
		for (const call of [...this.#calls.keys()]) {
			const error = new ServiceError({ code: "unavailable", message: "the server was closed" });
			call.options.call.cancel(error);
			call.fail(error);
		}
		this.#deadlines.stop();
	}

	#take(service: string, message: AsyncMessage, request: IncomingRequest, queues: ServiceQueues): void {
		const { deliveryTag } = message;
		if (this.#canceled.delete(request.id)) {
			this.#acknowledge(deliveryTag, queues);
			return;
		}
		const refuse = (error: ServiceError): void => {
			void this.#answer(errorReply(request, service, error), deliveryTag, queues);
		};
		try {
			const call = { service, request, deliveryTag, metadata: requestMetadata(message) };
			const verdict = this.#isDraining ? "later" : this.#judge(request);
			if (verdict === "later" || verdict === "elsewhere") {
				void this.#putBack({ ...call, counts: verdict === "elsewhere" }, queues);
			} else if (verdict instanceof Error) refuse(verdict);
			else this.#run({ ...call, codecs: verdict }, queues);
		} catch (error) {
			refuse(toServiceError(error));
		}
	}

	async #putBack(call: ReturnedCall, queues: ServiceQueues): Promise<void> {
		if (!(await queues.putBack(call))) {
			const { service, request } = call;
			const full = notExecuted({ code: "resource_exhausted", message: `the queue of "${service}" is full` });
			await queues.reply(errorReply(request, service, full));
		}
		this.#acknowledged();
	}

	#judge(request: IncomingRequest): Verdict {
		const verdict = judge(request, this.#options);
		const isFull = this.#heldBytes > maxHeldBytes || this.#running >= maxRunning;
		return isFull && verdict !== "elsewhere" && !(verdict instanceof Error) ? tooManyCalls() : verdict;
	}

	#run({ metadata, ...facts }: AdmittedCall, queues: ServiceQueues): void {
		const { endpoints, peer, maxMessageBytes } = this.#options;
		const { path, remainingMs: timeoutMs, body } = facts.request;
		const call = new ServerCall(endpoints, { path, metadata, timeoutMs, peer: { address: peer } });
		const bytes = Math.max(leastBytes, body.length);
		const incoming = new IncomingCall({
			...facts,
			call,
			maxMessageBytes,
			settled: (settled, reply) => {
				this.#heldBytes -= bytes;
				this.#calls.delete(settled);
				void this.#answer(reply, facts.deliveryTag, queues);
				// The timer would keep an idle process from ending.
				if (this.#calls.size === 0) this.#deadlines.stop();
			},
		});
		this.#calls.set(incoming, queues);
		this.#heldBytes += bytes;
		this.#running++;
		this.#deadlines.watch(incoming.deadline);
		void incoming.run().then(() => {
			this.#running--;
		});
	}

	/** The message is acknowledged when its answer has left, so that few answers wait for a slow connection. */
	async #answer(reply: OutgoingReply | undefined, deliveryTag: number, queues: ServiceQueues): Promise<void> {
		if (reply !== undefined) await queues.reply(reply);
		this.#acknowledge(deliveryTag, queues);
	}

	/** Acknowledges the messages of calls that take long: no other instance runs these, if this one is lost. */
	#release(): void {
		const before = performance.now() - (this.#options.holdMs ?? defaultHoldMs);
		for (const [call, queues] of this.#calls) {
			if (call.beganAt <= before) queues.acknowledge(call.options.deliveryTag);
		}
	}

	#acknowledge(deliveryTag: number, queues: ServiceQueues): void {
		queues.acknowledge(deliveryTag);
		this.#acknowledged();
	}

	#acknowledged(): void {
		if (--this.#unanswered === 0) this.#idle.resolve();
	}

	/** Ends calls whose callers are gone without a word. */
	async #lookAfterCallers(): Promise<void> {
		if (this.#isLooking) return;
		this.#isLooking = true;
		const before = performance.now() - lookEveryMs;
		const callers = new Set<string>();
		for (const { beganAt, options } of this.#calls.keys()) {
			if (beganAt <= before) callers.add(options.request.replyTo);
		}
		for (const replyTo of callers) {
			// If this cannot be found out, the caller may be there.
			if ((await this.#options.addresses.find(replyTo)) !== "gone") continue;
			for (const call of [...this.#calls.keys()]) {
				if (call.options.request.replyTo === replyTo) call.abandon();
			}
		}
		this.#isLooking = false;
	}
}

/** A call that may run here. */
interface AdmittedCall {
	readonly service: string;
	readonly request: IncomingRequest;
	readonly deliveryTag: number;
	readonly metadata: ReadonlyMetadata;
	readonly codecs: MethodCodecs;
}
