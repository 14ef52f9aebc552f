import { Context, errorText } from "@allium/core";
import type { Cursors, Log, TopicLog } from "@allium/core/event";
import { whileLasts } from "@allium/core/transport";
import { type Config, openBroker, openEventStore } from "@allium/node";
import type { Surroundings } from "../command/command.ts";

/** How long the numbers of a topic may take, in milliseconds. */
const patienceMs = 5_000;

/** The progress of a build in a topic. */
export interface TopicProgress {
	readonly topic: string;
	/** How many events the topic keeps. */
	readonly total: number;
	/** How many of them the build lacks. */
	readonly lag: number;
	/** When the oldest of these was published, in milliseconds since 1970. Undefined if it lacks none. */
	readonly since: number | undefined;
}

/** A backend that may have the events of a topic. */
interface Source {
	/** Undefined if the broker keeps no events. */
	readonly log?: Log | undefined;
	close(): Promise<void>;
}

/** The topics with the events of views: in the event store of the apps, or in their broker. */
export class ViewTopics {
	readonly #config: Config;
	readonly #surroundings: Surroundings;
	#sources: readonly Promise<Source>[] | undefined;

	constructor(config: Config, surroundings: Surroundings) {
		this.#config = config;
		this.#surroundings = surroundings;
	}

	/** The progress of these cursors in a topic, or the reason for which it is unknown. Never rejects. */
	async progress(topic: string, cursors: Cursors): Promise<TopicProgress | string> {
		const ctx = Context.background().withTimeout(patienceMs);
		try {
			return await whileLasts(this.#progress(topic, cursors, ctx), ctx);
		} catch (error) {
			return errorText(error);
		}
	}

	async close(): Promise<void> {
		const closing = (this.#sources ?? []).map(async (source) => (await source).close());
		await Promise.allSettled(closing);
	}

	async #progress(name: string, cursors: Cursors, ctx: Context): Promise<TopicProgress | string> {
		const topic = await this.#find(name, cursors, ctx);
		if (typeof topic === "string") return topic;
		const start = await topic.at("start", ctx);
		const [all, left] = await Promise.all([
			topic.behind(start, ctx),
			topic.behind(new Map([...start, ...cursors]), ctx),
		]);
		const count = (lanes: typeof all): number =>
			[...lanes.values()].reduce((sum, { events }) => sum + events, 0);
		const times = [...left.values()].flatMap(({ since }) => since ?? []);
		const since = times.length === 0 ? undefined : Math.min(...times);
		return { topic: name, total: count(all), lag: count(left), since };
	}

	/** The topic to which the cursors belong, because the event store and the broker may both have one of that name. */
	async #find(name: string, cursors: Cursors, ctx: Context): Promise<TopicLog | string> {
		let why = `the topic ${name} is neither in the event store nor in the broker`;
		this.#sources ??= this.#open();
		for (const opening of this.#sources) {
			try {
				const topic = await (await opening).log?.find(name, ctx);
				if (topic === undefined) continue;
				if ((await topic.diverged(cursors, ctx)).length === 0) return topic;
				why = `the topic ${name} has other events than those that the view has seen`;
			} catch (error) {
				why = errorText(error);
			}
		}
		return why;
	}

	#open(): readonly Promise<Source>[] {
		const { backends, namespace } = this.#config;
		const { adapters, cwd } = this.#surroundings;
		const options = { adapters, namespace, cwd };
		const sources: Promise<Source>[] = [
			openEventStore(backends.eventStore, options),
			openBroker(backends.broker, options),
		];
		for (const source of sources) source.catch(() => {});
		return sources;
	}
}
