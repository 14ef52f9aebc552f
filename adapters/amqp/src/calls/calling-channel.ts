import { type Context, type Logger, ServiceError } from "@allium/core";
import {
	after,
	afterSilence,
	clientClosed,
	Deadlines,
	serviceErrorFrom,
	type Timer,
} from "@allium/core/transport";
import type { AsyncMessage, Channel, ReturnedMessage } from "rabbitmq-client";
import type { AmqpAddress } from "../amqp-url.ts";
import { codeOf, failure } from "../failure.ts";
import type { Names } from "../names.ts";
import { RabbitConnection } from "../rabbit-connection.ts";
import { OutgoingCall, type OutgoingCalls, type QueueCallee } from "./outgoing-call.ts";
import { ownReplyAddress, requestEnvelope } from "./request-message.ts";

/** After how long a silence a connection is given up, in milliseconds. */
export const silenceMs = 10_000;

/** How long a server that was asked may be silent before its connection is given up, in milliseconds. */
const patienceMs = 2_000;

/** How long cancellations may take to leave when the connection is closed, in milliseconds. */
const closingMs = 1_000;

/** The bytes of inputs that may be under way at once. Each counts for at least a kibibyte. */
const maxHeldBytes = 64 * 1024 * 1024;
const leastBytes = 1024;

/** The destination of a call, and its owner. */
export interface CallTarget {
	readonly names: Names;
	/** The service to whose queue it goes. */
	readonly service: string;
	readonly callee: QueueCallee;
	/** Its owner, which may end it by {@link CallingChannel.end}. */
	readonly owner: object;
}

/** The options of a channel. */
export interface CallingChannelOptions {
	readonly address: AmqpAddress;
	readonly logger: Logger;
	/** Called once, when no further call can be made over it. */
	readonly onLost: (channel: CallingChannel) => void;
}

/**
 * One connection over which calls are sent, and their answers arrive. It does not come back: when it is lost, all calls
 * in flight fail, and its owner opens another.
 */
export class CallingChannel implements OutgoingCalls {
	readonly #connection: RabbitConnection;
	readonly #channel: Channel;
	readonly #options: CallingChannelOptions;
	/** The calls in flight, by id. */
	readonly #calls = new Map<string, OutgoingCall>();
	readonly #deadlines = new Deadlines(() => this.#calls.values());
	/** Begins the ids of the calls. */
	readonly #name = crypto.randomUUID();
	#count = 0;
	#heldBytes = 0;
	/** Sends cancellations, over a channel of their own: a refusal of the server closes the channel of the message. */
	#canceling: Promise<Channel> | undefined;
	#lastCancel: Promise<void> = Promise.resolve();
	/** Runs while the server is asked whether it is there. */
	#asking: Timer | undefined;
	#isLost = false;

	private constructor(connection: RabbitConnection, channel: Channel, options: CallingChannelOptions) {
		this.#connection = connection;
		this.#channel = channel;
		this.#options = options;
		channel.on("basic.return", (message) => this.#returned(message));
		// A refusal of the server closes the channel. The refused call learns of it first.
		channel.once("close", () => {
			setImmediate(() => this.#lose(`the connection to RabbitMQ at ${connection.place} was lost`));
		});
	}

	/** Rejects with the reason why no call can be made. */
	static async open(options: CallingChannelOptions): Promise<CallingChannel> {
		const connection = await RabbitConnection.open(options.address, "allium: calls", silenceMs);
		try {
			const channel = await connection.channel();
			const calling = new CallingChannel(connection, channel, options);
			await channel.confirmSelect();
			await channel.basicConsume({ queue: ownReplyAddress, noAck: true }, (message) =>
				calling.#answered(message),
			);
			return calling;
		} catch (error) {
			await connection.close();
			throw error;
		}
	}

	/** Makes a call. */
	call({ names, service, callee, owner }: CallTarget, body: Buffer, ctx: Context): Promise<unknown> {
		const refusal = this.#refusal();
		if (refusal !== undefined) return Promise.reject(refusal);
		const queue = names.calls(service);
		const id = `${this.#name}.${++this.#count}`;
		const bytes = Math.max(leastBytes, body.length);
		const call = new OutgoingCall(this, { id, names, service, callee, ctx, bytes, owner });
		this.#calls.set(id, call);
		this.#heldBytes += bytes;
		call.follow();
		const remainingMs = ctx.remaining();
		if (remainingMs <= 0) call.onDeadline();
		if (call.isOver) return call.promise;
		this.#deadlines.watch(call.deadline);
		const { path } = callee.method;
		const request = { queue, path, id, metadata: ctx.outgoing, remainingMs };
		this.#channel.basicPublish(requestEnvelope(request), body).then(
			() => {
				call.isConfirmed = true;
			},
			(error) => this.#refused(call, error),
		);
		return call.promise;
	}

	/** Ends all calls of an owner that is closed. It is unknown whether they were executed. */
	end(owner: object): void {
		const { code, reason, message } = clientClosed();
		for (const call of [...this.#calls.values()]) {
			if (call.options.owner === owner) call.abort(new ServiceError({ code, reason, message }));
		}
	}

	/** Ends the calls in flight, and the connection. Cancellations are sent first. */
	async close(): Promise<void> {
		const late = Promise.withResolvers<void>();
		const timer = after(closingMs, late.resolve);
		await Promise.race([this.#lastCancel, late.promise]);
		timer.stop();
		void this.#channel.close();
		void this.#canceling?.then((channel) => channel.close(), ignore);
		await this.#connection.close();
	}

	left({ options: { id, bytes } }: OutgoingCall): void {
		if (!this.#calls.delete(id)) return;
		this.#heldBytes -= bytes;
		// The timer would keep an idle process from ending.
		if (this.#calls.size === 0) this.#deadlines.stop();
	}

	gaveUp(call: OutgoingCall, error: ServiceError): void {
		if (error.code !== "deadline_exceeded") this.#cancel(call);
		else if (!call.isConfirmed) this.#suspect();
	}

	/** Why no call can be made now. */
	#refusal(): ServiceError | undefined {
		const { place, takesMessages } = this.#connection;
		if (!this.#channel.active) {
			const message = `the connection to RabbitMQ at ${place} was lost`;
			return serviceErrorFrom({ code: "unavailable", message }, { notExecuted: true });
		}
		if (this.#heldBytes > maxHeldBytes) {
			return serviceErrorFrom(
				{
					code: "resource_exhausted",
					message: `more than ${maxHeldBytes} bytes of calls over RabbitMQ are under way; try again later`,
				},
				{ notExecuted: true },
			);
		}
		if (takesMessages) return undefined;
		return serviceErrorFrom(
			{
				code: "unavailable",
				message: `RabbitMQ at ${place} takes no messages now; make room on its disk or in its memory, which rabbitmqctl status tells of`,
			},
			{ notExecuted: true },
		);
	}

	#answered(message: AsyncMessage): void {
		this.#calls.get(message.correlationId ?? "")?.answered(message);
	}

	/** No queue took the message. */
	#returned({ correlationId = "" }: ReturnedMessage): void {
		const call = this.#calls.get(correlationId);
		if (call === undefined) return;
		const { service } = call.options;
		call.fail(
			serviceErrorFrom(
				{
					code: "unavailable",
					message: `RabbitMQ at ${this.#connection.place} has no queue for "${service}": no instance has listened there yet`,
				},
				{ notExecuted: true },
			),
		);
	}

	/** The server did not take the message. If the connection is lost, all calls end. */
	#refused(call: OutgoingCall, error: unknown): void {
		const code = codeOf(error);
		if (code === "ACCESS_REFUSED") {
			call.fail(serviceErrorFrom(failure(error, this.#connection.place), { notExecuted: true }));
			return;
		}
		if (code !== "NACK") return;
		const message = `the queue of "${call.options.service}" on RabbitMQ at ${this.#connection.place} is full`;
		call.fail(
			serviceErrorFrom({ code: "resource_exhausted", message, retryAfterMs: 1_000 }, { notExecuted: true }),
		);
	}

	/** Tells the instances that nobody waits for a call any more, as far as they can be told. */
	#cancel({ options: { id, names, service } }: OutgoingCall): void {
		if (this.#isLost) return;
		const envelope = { exchange: names.cancellations, routingKey: service, correlationId: id };
		this.#lastCancel = this.#cancelingChannel()
			.then((channel) => channel.basicPublish(envelope, Buffer.alloc(0)))
			.catch(ignore);
	}

	#cancelingChannel(): Promise<Channel> {
		this.#canceling ??= this.#connection.channel().then((channel) => {
			channel.once("close", () => {
				this.#canceling = undefined;
			});
			return channel;
		});
		return this.#canceling;
	}

	/** Finds out whether the server is there at all, and gives the connection up if it does not answer. */
	#suspect(): void {
		if (this.#asking !== undefined || this.#isLost || !this.#connection.takesMessages) return;
		this.#asking = afterSilence(patienceMs, () => {
			this.#lose(`RabbitMQ at ${this.#connection.place} does not answer`);
		});
		const answered = (): void => {
			this.#asking?.stop();
			this.#asking = undefined;
		};
		// Any request does; this one changes nothing, as the answers are not acknowledged.
		this.#channel.basicQos({ prefetchCount: 0 }).then(answered, ignore);
	}

	#lose(reason: string): void {
		if (this.#isLost) return;
		this.#isLost = true;
		this.#asking?.stop();
		const calls = [...this.#calls.values()];
		// Each call gets its own error, because calls that shared one would share its stack and metadata.
		for (const call of calls) call.fail(new ServiceError({ code: "unavailable", message: reason }));
		this.#deadlines.stop();
		if (calls.length > 0) {
			this.#options.logger.log("warn", "calls over RabbitMQ were cut off", {
				error: reason,
				calls: calls.length,
			});
		}
		this.#options.onLost(this);
		void this.#connection.close();
	}
}

function ignore(): void {}
