import { type Context, isServiceError, type Logger } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import type {
	Broker,
	BrokerTopic,
	Consumer,
	Deliver,
	GroupId,
	GroupSpec,
	Parking,
	ServerReport,
	ServerWarning,
	TopicOptions,
} from "@allium/core/event";
import { checkDuration } from "@allium/core/transport";
import { type AmqpOptions, parseAmqpUrl } from "./amqp-url.ts";
import { GroupConsumer } from "./group-consumer.ts";
import { Names } from "./names.ts";
import { Outbox } from "./outbox.ts";
import { ParkedQueue } from "./parked-queue.ts";
import { RabbitConnection } from "./rabbit-connection.ts";
import { serverVersion } from "./server-greeting.ts";
import { lacks, makeTopic, TopicExchange } from "./topic-exchange.ts";

/** How long the server may take to confirm a request, in milliseconds. */
const patienceMs = 2_000;

/** The options of a broker on RabbitMQ. They take precedence over the URL. */
export interface RabbitBrokerOptions extends AmqpOptions {
	/**
	 * After how long a silence a process has lost its lanes, in milliseconds: the server and the process give each other
	 * up. Counted in steps of two seconds. Default: 10,000.
	 */
	readonly ttlMs?: number;
	/** Is told when a connection is lost, and when it is there again. Default: logs nothing. */
	readonly logger?: Logger;
}

/**
 * Events in quorum queues of RabbitMQ: `amqp://user:password@host:5672/vhost`. It needs RabbitMQ 3.10 or newer.
 *
 * @throws ServiceError `invalid_argument` for a URL or an option that cannot be used; `unavailable` when no server
 * answers; `failed_precondition` when the server refuses the user, or has no such virtual host; `permission_denied`
 * when the user lacks a permission that is needed.
 * @example
 * const events = await broker("amqp://shop:secret@mq.example/shop");
 */
export async function broker(url: string, options: RabbitBrokerOptions = {}): Promise<Broker> {
	const address = parseAmqpUrl(url, options);
	const ttlMs = checkDuration("ttlMs of broker()", options.ttlMs ?? 10_000, "positive");
	// The server blocks connections that publish while it lacks room. Events that are there are handled all the same.
	const publishing = await RabbitConnection.open(address, "allium: publishes", ttlMs, options.logger);
	try {
		const consuming = await RabbitConnection.open(address, "allium: consumes", ttlMs, options.logger);
		const version = (ctx: Context): Promise<string | undefined> => serverVersion(address, ctx);
		return new RabbitBroker({ names: new Names(address.namespace), publishing, consuming, ttlMs, version });
	} catch (error) {
		await publishing.close();
		throw error;
	}
}

interface RabbitBrokerParts {
	readonly names: Names;
	readonly publishing: RabbitConnection;
	readonly consuming: RabbitConnection;
	readonly ttlMs: number;
	/** Asks the server for its product and version, such as `RabbitMQ 3.10.8`. Undefined if no server tells them. */
	readonly version: (ctx: Context) => Promise<string | undefined>;
}

class RabbitBroker implements Broker {
	readonly #parts: RabbitBrokerParts;
	readonly #outbox: Outbox;
	readonly #consumers = new Map<string, GroupConsumer | "starting">();
	#closed: Promise<void> | undefined;

	constructor(parts: RabbitBrokerParts) {
		this.#parts = parts;
		this.#outbox = new Outbox(parts.publishing);
	}

	get location(): string {
		return this.#parts.publishing.place;
	}

	async open(topic: string, options: TopicOptions, ctx: Context): Promise<BrokerTopic> {
		this.#check();
		const lanes = await this.#lanes(topic, options.lanes, ctx);
		return new TopicExchange({ topic, lanes, names: this.#parts.names, outbox: this.#outbox });
	}

	async consume(spec: GroupSpec, deliver: Deliver, ctx: Context): Promise<Consumer> {
		this.#check();
		checkOffered(spec);
		const name = JSON.stringify([spec.topic, spec.group]);
		if (this.#consumers.has(name)) throw twice(spec);
		this.#consumers.set(name, "starting");
		const ended = (): void => void this.#consumers.delete(name);
		try {
			const lanes = await this.#lanes(spec.topic, undefined, ctx);
			const { names, consuming: connection, ttlMs } = this.#parts;
			const outbox = this.#outbox;
			const options = { spec, deliver, lanes, names, connection, outbox, ttlMs, ended };
			const consumer = await GroupConsumer.start(options, ctx);
			this.#consumers.set(name, consumer);
			if (this.#closed !== undefined) await consumer.close();
			this.#check();
			return consumer;
		} catch (error) {
			ended();
			throw error;
		}
	}

	parking(id: GroupId): Parking {
		const { names, consuming: connection } = this.#parts;
		return new ParkedQueue({ id, names, connection, outbox: this.#outbox });
	}

	async server(ctx: Context): Promise<ServerReport> {
		this.#check();
		const limited = ctx.withTimeout(patienceMs);
		const [version, warnings] = await Promise.all([
			this.#parts.version(limited).catch(() => undefined),
			this.#warnings(limited),
		]);
		return { version, lacks, warnings };
	}

	close(): Promise<void> {
		this.#closed ??= this.#close();
		return this.#closed;
	}

	async #warnings(limited: Context): Promise<readonly ServerWarning[]> {
		// No queue has this name, so that the server confirms the message and drops it.
		const message = { exchange: "", routingKey: `${this.#parts.names.members}/doctor`, text: "" };
		// The server takes the first message of a connection even when it lacks room.
		const sending = this.#outbox.send([message], limited).then(() => this.#outbox.send([message], limited));
		const isBlocked = await sending.then(
			() => false,
			(error) => isServiceError(error) && error.code === "deadline_exceeded",
		);
		if (!isBlocked) return [];
		const says = "the server takes no events from publishers";
		const remedy = "make room on its disk or in its memory, which rabbitmqctl status tells of";
		return [{ says, remedy }];
	}

	async #close(): Promise<void> {
		const consumers = [...this.#consumers.values()].filter((consumer) => consumer !== "starting");
		for (const consumer of consumers) void consumer.close();
		await this.#parts.consuming.close();
		await Promise.all(consumers.map((consumer) => consumer.close()));
		void this.#outbox.close();
		await this.#parts.publishing.close();
	}

	#lanes(topic: string, lanes: number | undefined, ctx: Context): Promise<number> {
		const { consuming, names } = this.#parts;
		return makeTopic(consuming, names, { topic, lanes }, ctx);
	}

	#check(): void {
		if (this.#closed !== undefined) throw refusal("the broker is closed");
	}
}

/** @throws ServiceError `failed_precondition` for features that queues lack. */
function checkOffered({ group, topic, from, park }: GroupSpec): void {
	const name = `the group ${group} of the topic ${topic}`;
	if (from !== "now") throw refusal(`${name} cannot begin earlier than now: RabbitMQ keeps no events for it`);
	if (park === "key")
		throw refusal(`${name} cannot hold the keys of parked events on RabbitMQ; use park: "event"`);
}

function twice({ topic, group }: GroupId): Error {
	return refusal(
		`this process works on the group ${group} of the topic ${topic} already; give the second subscription a group of its own`,
	);
}
