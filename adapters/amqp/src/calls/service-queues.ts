import type { ReadonlyMetadata } from "@allium/core";
import type { AsyncMessage, Channel } from "rabbitmq-client";
import type { AmqpAddress } from "../amqp-url.ts";
import { codeOf, failure } from "../failure.ts";
import type { Names } from "../names.ts";
import { RabbitConnection } from "../rabbit-connection.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { silenceMs } from "./calling-channel.ts";
import type { OutgoingReply } from "./reply-message.ts";
import { type IncomingRequest, longestWaitMs, returnedEnvelope } from "./request-message.ts";

/** The bytes that may wait in the queue of a service. The server refuses messages when the queue is full. */
const maxWaitingBytes = 64 * 1024 * 1024;

/** A call that is put back. */
export interface ReturnedCall {
	readonly service: string;
	readonly request: IncomingRequest;
	readonly metadata: ReadonlyMetadata;
	readonly deliveryTag: number;
	/** True if this return counts towards the few that a message is allowed. */
	readonly counts: boolean;
}

/** The options with which the queues of services are opened. */
export interface ServiceQueuesOptions {
	readonly address: AmqpAddress;
	readonly names: Names;
	/** How many calls of a service are handed over before one of them is acknowledged. */
	readonly prefetch: number;
	/** A message has come in the queue of a service. */
	readonly receive: (service: string, message: AsyncMessage, queues: ServiceQueues) => void;
	/** A caller gave a call up. */
	readonly canceled: (id: string) => void;
	/** Called once, when nothing more comes: the connection is lost, or the server took a queue away. */
	readonly onLost: (queues: ServiceQueues, reason: string) => void;
}

/**
 * One connection over which the calls of services come and answers go. It does not come back: when it is lost, the
 * server hands messages that were not acknowledged to others, and the owner opens another connection.
 */
export class ServiceQueues {
	readonly #connection: RabbitConnection;
	readonly #channel: Channel;
	readonly #options: ServiceQueuesOptions;
	/** The tags of the consumers, by the service. */
	readonly #consumers = new Map<string, string>();
	/** The queue in which cancellations come. */
	#cancellations = "";
	/** The requests that change the consumed queues, one after another. */
	#changing: Promise<void> = Promise.resolve();
	/** Puts messages back. It confirms, which would cost answers too much. */
	readonly #returning: Channel;
	readonly #acknowledgements = new Acknowledgements((deliveryTag, multiple) => {
		if (!this.#channel.active) return;
		this.#channel.basicAck({ deliveryTag, multiple });
	});
	#isLost = false;

	private constructor(
		connection: RabbitConnection,
		[channel, returning]: readonly [Channel, Channel],
		options: ServiceQueuesOptions,
	) {
		this.#connection = connection;
		this.#channel = channel;
		this.#returning = returning;
		this.#options = options;
		for (const each of [channel, returning]) {
			each.once("close", () => this.#lose(`the connection to RabbitMQ at ${connection.place} was lost`));
		}
		channel.on("basic.cancel", () => this.#lose(`RabbitMQ at ${connection.place} took a queue away`));
	}

	/** Rejects with the reason why no calls can come. */
	static async open(options: ServiceQueuesOptions, services: readonly string[]): Promise<ServiceQueues> {
		const { address, names, prefetch } = options;
		const connection = await RabbitConnection.open(address, "allium: serves calls", silenceMs);
		try {
			const channel = await connection.channel();
			const returning = await connection.channel();
			const queues = new ServiceQueues(connection, [channel, returning], options);
			await returning.confirmSelect();
			await channel.basicQos({ prefetchCount: prefetch });
			await channel.exchangeDeclare({ exchange: names.cancellations, type: "direct", durable: true });
			const { queue } = await channel.queueDeclare({ exclusive: true, autoDelete: true });
			queues.#cancellations = queue;
			await channel.basicConsume({ queue, noAck: true }, ({ correlationId }) => {
				if (correlationId !== undefined) options.canceled(correlationId);
			});
			await queues.serve(services);
			return queues;
		} catch (error) {
			await connection.close();
			throw failure(error, connection.place);
		}
	}

	/** The server for messages, without secrets. */
	get place(): string {
		return this.#connection.place;
	}

	/** Takes the calls of these services, and of no others. */
	serve(services: readonly string[]): Promise<void> {
		const changed = this.#changing.then(() => this.#serve(services));
		this.#changing = changed.catch(() => {});
		return changed;
	}

	/** Sends an answer. Never rejects: where the connection is gone, another instance gets the message, or its caller gave up. */
	async reply({ envelope, body }: OutgoingReply): Promise<void> {
		await this.#channel.basicPublish(envelope, body).catch(ignore);
	}

	/** The server forgets a message. Doing it twice is the same as once. */
	acknowledge(deliveryTag: number): void {
		this.#acknowledgements.done(deliveryTag);
	}

	/**
	 * Puts a message at the end of its queue, for another instance. It is a copy, because the server would mark the
	 * message itself as one that may have run. Both leave at once, so that a copy that ends this process finds the message
	 * acknowledged.
	 *
	 * @returns false where the server does not take the copy, as the queue is full.
	 */
	async putBack({ service, request, metadata, deliveryTag, counts }: ReturnedCall): Promise<boolean> {
		const queue = this.#options.names.calls(service);
		const envelope = returnedEnvelope(queue, request, metadata, counts);
		const taken = this.#returning.basicPublish(envelope, request.body).then(
			() => true,
			// If the connection is gone, nobody can be told.
			(error) => codeOf(error) !== "NACK",
		);
		this.acknowledge(deliveryTag);
		this.#acknowledgements.flush();
		return taken;
	}

	/** Closes the connection, after everything that was sent has left. */
	async close(): Promise<void> {
		this.#isLost = true;
		this.#acknowledgements.flush();
		void this.#channel.close();
		void this.#returning.close();
		await this.#connection.close();
	}

	async #serve(services: readonly string[]): Promise<void> {
		for (const [service, consumerTag] of this.#consumers) {
			if (services.includes(service)) continue;
			this.#consumers.delete(service);
			await this.#channel.basicCancel({ consumerTag });
		}
		for (const service of services) if (!this.#consumers.has(service)) await this.#begin(service);
	}

	async #begin(service: string): Promise<void> {
		const { names, receive } = this.#options;
		const queue = names.calls(service);
		await this.#channel.queueDeclare({
			queue,
			durable: true,
			arguments: {
				"x-queue-type": "classic",
				// Messages of strangers may have no bound themselves.
				"x-message-ttl": longestWaitMs,
				"x-max-length-bytes": maxWaitingBytes,
				"x-overflow": "reject-publish",
			},
		});
		const binding = { queue: this.#cancellations, exchange: names.cancellations, routingKey: service };
		await this.#channel.queueBind(binding);
		const { consumerTag } = await this.#channel.basicConsume({ queue }, (message) => {
			this.#acknowledgements.add(message.deliveryTag);
			receive(service, message, this);
		});
		this.#consumers.set(service, consumerTag);
	}

	#lose(reason: string): void {
		if (this.#isLost) return;
		this.#isLost = true;
		this.#options.onLost(this, reason);
		void this.#connection.close();
	}
}

function ignore(): void {}
