import { Context } from "@allium/core";
import type {
	Behind,
	Cursor,
	Cursors,
	EventRecord,
	Log,
	LogFeatures,
	Page,
	PageBounds,
	Placed,
	Receipt,
	TopicLog,
	TopicOptions,
} from "@allium/core/event";
import type { BackendChannel } from "./backend-channel.ts";
import { type RequestKind, untilTold } from "./backend-server.ts";

/** The backend does not know how long its clients wait. */
const background = Context.background();

/** A node's access to the log of a simulated backend. */
export class SimulatedLog implements Log {
	readonly location: string;
	readonly #channel: BackendChannel;

	constructor(channel: BackendChannel) {
		this.location = channel.location;
		this.#channel = channel;
	}

	async open(name: string, options: TopicOptions, ctx: Context): Promise<TopicLog> {
		const opened = await this.#channel.ask({ name: `open ${name}`, kind: "write" }, ctx, ({ log }) =>
			log.open(name, options, background),
		);
		return new SimulatedTopicLog(opened, this.#channel);
	}

	async find(name: string, ctx: Context): Promise<TopicLog | undefined> {
		const found = await this.#channel.ask({ name: `find ${name}`, kind: "read" }, ctx, ({ log }) =>
			log.find(name, background),
		);
		return found === undefined ? undefined : new SimulatedTopicLog(found, this.#channel);
	}

	topics(ctx: Context): Promise<readonly string[]> {
		return this.#channel.ask({ name: "topics", kind: "read" }, ctx, ({ log }) => log.topics(background));
	}

	async close(): Promise<void> {}
}

class SimulatedTopicLog implements TopicLog {
	readonly topic: string;
	readonly lanes: number;
	readonly retainMs: number;
	readonly features: LogFeatures;
	readonly #channel: BackendChannel;

	constructor({ topic, lanes, retainMs, features }: TopicLog, channel: BackendChannel) {
		this.topic = topic;
		this.lanes = lanes;
		this.retainMs = retainMs;
		this.features = features;
		this.#channel = channel;
	}

	append(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]> {
		return this.#ask("publish", ctx, (topic) => topic.append(events, background), "publish");
	}

	read(after: Cursors, bounds: PageBounds, ctx: Context): Promise<Page> {
		return this.#ask("read", ctx, (topic) => topic.read(after, bounds, background));
	}

	get(
		places: readonly { readonly lane: number; readonly cursor: Cursor }[],
		ctx: Context,
	): Promise<readonly (Placed | undefined)[]> {
		return this.#ask("get", ctx, (topic) => topic.get(places, background));
	}

	at(when: "start" | "now" | Date, ctx: Context): Promise<Cursors> {
		return this.#ask("at", ctx, (topic) => topic.at(when, background));
	}

	diverged(after: Cursors, ctx: Context): Promise<readonly number[]> {
		return this.#ask("diverged", ctx, (topic) => topic.diverged(after, background));
	}

	behind(after: Cursors, ctx: Context): Promise<ReadonlyMap<number, Behind>> {
		return this.#ask("behind", ctx, (topic) => topic.behind(after, background));
	}

	changed(after: Cursors, ctx: Context): Promise<void> {
		return this.#ask("wait for events", ctx, (topic) =>
			untilTold((waiting) => topic.changed(after, waiting)),
		);
	}

	place(receipt: Receipt, ctx: Context): Promise<Cursor> {
		return this.#ask("place", ctx, (topic) => topic.place(receipt, background));
	}

	#ask<Answer>(
		name: string,
		ctx: Context,
		run: (topic: TopicLog) => Promise<Answer>,
		kind: RequestKind = "read",
	): Promise<Answer> {
		return this.#channel.ask({ name, kind }, ctx, async (server) =>
			run(await server.topic(this.topic, background)),
		);
	}
}
