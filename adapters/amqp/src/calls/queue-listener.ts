import type { AnyContract, EndpointTable, Logger, Method } from "@allium/core";
import { after, Backoff, type Listener, Reflection, SparingLog, type Timer } from "@allium/core/transport";
import type { AmqpAddress } from "../amqp-url.ts";
import { Names } from "../names.ts";
import { addressOf } from "./call-address.ts";
import { ReceivedCalls } from "./received-calls.ts";
import { ReplyAddresses } from "./reply-addresses.ts";
import { ServiceQueues } from "./service-queues.ts";

/** The pauses between attempts to connect again, in milliseconds. */
const reconnects = { firstMs: 100, longestMs: 5_000 };

/** How long callers are told that the listener was closed, in milliseconds. */
const closingMs = 1_000;

/** How a listener serves. */
export interface QueueListenerOptions {
	readonly address: AmqpAddress;
	readonly endpoints: EndpointTable;
	readonly prefetch: number;
	readonly maxMessageBytes: number;
	/** As `holdMs` of the received calls. */
	readonly holdMs?: number;
	readonly logger: Logger;
}

/** Takes the calls of the services of a process out of their queues. */
export class QueueListener implements Listener {
	readonly addresses: readonly string[];
	readonly #options: QueueListenerOptions;
	readonly #addresses: ReplyAddresses;
	readonly #calls: ReceivedCalls;
	readonly #backoff = new Backoff(reconnects);
	readonly #unlisten: (() => void) | undefined;
	#queues: ServiceQueues | undefined;
	#opening: Promise<ServiceQueues> | undefined;
	#reconnecting: Timer | undefined;
	#isDraining = false;

	private constructor(options: QueueListenerOptions) {
		const { address, endpoints, maxMessageBytes, holdMs, logger } = options;
		const own = addressOf(address.namespace);
		this.addresses = [own];
		this.#options = options;
		const addresses = new ReplyAddresses(address);
		this.#addresses = addresses;
		const log = new SparingLog(logger);
		this.#calls = new ReceivedCalls({ endpoints, addresses, peer: own, maxMessageBytes, holdMs, log });
		this.#unlisten = endpoints.onChange?.(() => this.#serve());
	}

	/** Rejects when no server can be reached, and when it refuses. */
	static async listen(options: QueueListenerOptions): Promise<QueueListener> {
		const listener = new QueueListener(options);
		try {
			await listener.#open();
		} catch (error) {
			await listener.close();
			throw error;
		}
		listener.#tellOfStreams();
		return listener;
	}

	async drain(): Promise<void> {
		this.#leave();
		this.#calls.drain();
		await this.#emptied();
	}

	async close(): Promise<void> {
		this.#leave();
		this.#calls.close();
		// A server that takes nothing keeps nobody from closing.
		const late = Promise.withResolvers<void>();
		const timer = after(closingMs, late.resolve);
		await Promise.race([this.#emptied(), late.promise]);
		timer.stop();
		await this.#opening?.catch(() => {});
		await Promise.all([this.#queues?.close(), this.#addresses.close()]);
	}

	/** Resolves when no message comes any more, and all messages that have come were answered or put back. */
	async #emptied(): Promise<void> {
		await this.#queues?.serve([]).catch(() => {});
		// The client library hands over the last messages a turn later.
		await new Promise((resolve) => setImmediate(resolve));
		await this.#calls.idle();
	}

	#leave(): void {
		this.#isDraining = true;
		this.#unlisten?.();
		this.#reconnecting?.stop();
	}

	/** The services with something to call. Calls for reflection come through their queues. */
	#services(): string[] {
		return this.#options.endpoints.contracts
			.filter((contract) => nameOf(contract) !== Reflection["~allium"].name)
			.filter((contract) => methodsOf(contract).some(({ kind }) => kind === "unary"))
			.map(nameOf);
	}

	#open(): Promise<ServiceQueues> {
		this.#opening = this.#connect().finally(() => {
			this.#opening = undefined;
		});
		return this.#opening;
	}

	async #connect(): Promise<ServiceQueues> {
		const { address, prefetch } = this.#options;
		const queues = await ServiceQueues.open(
			{
				address,
				names: new Names(address.namespace),
				prefetch,
				receive: (service, message, from) => this.#calls.receive(service, message, from),
				canceled: (id) => this.#calls.cancel(id),
				onLost: (lost, reason) => this.#lost(lost, reason),
			},
			this.#services(),
		);
		this.#queues = queues;
		this.#backoff.reset();
		// A listener that began to drain or close meanwhile must not take calls again.
		if (this.#isDraining) await queues.serve([]).catch(() => {});
		return queues;
	}

	/** The services of the process have changed. */
	#serve(): void {
		if (this.#isDraining) return;
		this.#queues?.serve(this.#services()).catch((error) => {
			this.#options.logger.log("error", "the queue of a service could not be made", { error });
		});
	}

	#lost(queues: ServiceQueues, reason: string): void {
		this.#calls.lost(queues);
		if (this.#queues !== queues) return;
		this.#queues = undefined;
		if (this.#isDraining) return;
		this.#options.logger.log("warn", "nobody can call over RabbitMQ until it is reached again", {
			error: reason,
		});
		this.#reconnectLater();
	}

	#reconnectLater(): void {
		this.#reconnecting?.stop();
		this.#reconnecting = after(this.#backoff.next(), () => {
			if (this.#isDraining) return;
			this.#open().then(
				({ place }) => this.#options.logger.log("info", "RabbitMQ is reached again", { server: place }),
				() => {
					if (!this.#isDraining) this.#reconnectLater();
				},
			);
		});
	}

	#tellOfStreams(): void {
		const { endpoints, logger } = this.#options;
		const methods = endpoints.contracts
			.flatMap(methodsOf)
			.filter(({ kind }) => kind !== "unary")
			.map(({ path }) => path);
		if (methods.length === 0) return;
		logger.log("warn", "calls over RabbitMQ are unary: methods with a stream are called at the port alone", {
			methods,
		});
	}
}

function nameOf(contract: AnyContract): string {
	return contract["~allium"].name;
}

function methodsOf(contract: AnyContract): readonly Method[] {
	return contract["~allium"].methods;
}
