import { laneOf } from "@allium/core/event";
import { broker } from "@allium/nats";
import {
	AckPolicy,
	type Consumer,
	type JetStreamClient,
	type JetStreamManager,
	type JsMsg,
	jetstream,
	jetstreamManager,
} from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { callInLoops, Meter } from "../closed-loop.ts";
import { BrokerParts } from "./broker-parts.ts";
import type { OpenParts, Part, PartFacts } from "./part.ts";
import { nextRecord, toldContract } from "./told.ts";

/** The broker of NATS beside a bare stream of the same client. */
const openNats: OpenParts = async ({ url, backlog }) => {
	const ours = new BrokerParts(() => broker(url), backlog);
	const connection = await connect({ servers: url });
	const bare = await BareStream.make(jetstream(connection), await jetstreamManager(connection), backlog);
	return {
		parts: [
			bare.publishing({ id: "js 64", what: "bare js.publish, 64 at once" }),
			await ours.append(64, { id: "append 64", what: "append to the log, 64 at once", floor: "js 64" }),
			await ours.publish(64, { id: "publish 64", what: "publish, 64 at once", floor: "js 64" }),
			bare.reading({ id: "ordered", what: "ordered reading, and JSON.parse" }),
			await ours.read({ id: "read", what: "read pages of 256 events, all lanes", floor: "ordered" }),
			await ours.handle({ id: "handle", what: "handle, 16 lanes, 16 at once", floor: "ordered" }),
			bare.acknowledging({ id: "ack", what: "a consumer that acknowledges each message", floor: "ordered" }),
			await ours.idle({ id: "idle", what: "idle, from publishing to the handler" }),
		],
		close: async () => {
			await ours.close();
			await connection.close();
		},
	};
};

export default openNats;

/** Streams in files without a log. */
class BareStream {
	readonly #contract = toldContract("bare");
	readonly #client: JetStreamClient;
	readonly #manager: JetStreamManager;
	/** The messages that are read. */
	readonly #filled: number;

	private constructor(client: JetStreamClient, manager: JetStreamManager, filled: number) {
		this.#client = client;
		this.#manager = manager;
		this.#filled = filled;
	}

	static async make(client: JetStreamClient, manager: JetStreamManager, filled: number): Promise<BareStream> {
		const bare = new BareStream(client, manager, filled);
		for (const name of ["bare", "filled"]) await manager.streams.add({ name, subjects: [`${name}.*`] });
		for (let left = filled; left > 0; left -= 500) {
			await Promise.all(Array.from({ length: Math.min(left, 500) }, () => bare.#publish("filled")));
		}
		return bare;
	}

	publishing(facts: PartFacts): Part {
		return { ...facts, measure: (ms) => callInLoops(() => this.#publish("bare"), 64, ms) };
	}

	/** Reads all from the start on, as often as the time allows. */
	reading(facts: PartFacts): Part {
		return {
			...facts,
			measure: async (ms) => {
				const meter = new Meter();
				const end = performance.now() + ms;
				const done = (): void => meter.add(0);
				while (performance.now() < end) {
					await this.#readAll(await this.#client.consumers.get("filled"), done);
				}
				return meter.measured();
			},
		};
	}

	/** Reads all once, as a worker that acknowledges each message. */
	acknowledging(facts: PartFacts): Part {
		return {
			...facts,
			measure: async () => {
				const { name } = await this.#manager.consumers.add("filled", { ack_policy: AckPolicy.Explicit });
				const meter = new Meter();
				await this.#readAll(await this.#client.consumers.get("filled", name), (message) => {
					message.ack();
					meter.add(0);
				});
				const measured = meter.measured();
				await this.#manager.consumers.delete("filled", name);
				return measured;
			},
		};
	}

	async #readAll(consumer: Consumer, done: (message: JsMsg) => void): Promise<void> {
		const messages = await consumer.consume({ max_messages: 1_000 });
		let left = this.#filled;
		for await (const message of messages) {
			message.json();
			done(message);
			if (--left === 0) break;
		}
		await messages.close();
	}

	/** Publishes an event under its id, which the server remembers. */
	async #publish(stream: string): Promise<void> {
		const event = nextRecord(this.#contract);
		await this.#client.publish(`${stream}.${laneOf(event, 16)}`, JSON.stringify(event), { msgID: event.id });
	}
}
