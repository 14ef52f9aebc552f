import type { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { EventRecord } from "./event-record.ts";
import { eventText } from "./event-text.ts";
import { laneOf } from "./lane-of.ts";
import {
	type Behind,
	type Cursor,
	type Cursors,
	defaultLanes,
	defaultMaxEventBytes,
	defaultRetainMs,
	type Log,
	type LogFeatures,
	type Page,
	type PageBounds,
	type Placed,
	type Receipt,
	type TopicLog,
	type TopicOptions,
} from "./log.ts";
import { MemoryHandle } from "./memory-handle.ts";
import { MemoryTopic } from "./memory-topic.ts";

/** How a memory log works. */
export interface MemoryLogOptions {
	/** The topics. Logs that are given the same object see each other's events. Default: a new one. */
	readonly topics?: MemoryTopics;
	/** The largest event, as text in bytes. Default: 1 MiB. */
	readonly maxEventBytes?: number;
	/** How many bytes of events a topic keeps, where it does not say so itself. Default: 256 MiB. */
	readonly retainBytes?: number;
}

/** The topics that several memory logs share, as processes share a backend. */
export class MemoryTopics {
	/** @internal */
	readonly "~topics": Map<string, MemoryTopic> = new Map();

	/** Puts a text into a lane of a topic that is there, as a stranger could who knows nothing of events. */
	putText(topic: string, lane: number, text: string): void {
		this["~topics"].get(topic)?.add([{ id: crypto.randomUUID(), lane, text }]);
	}
}

/**
 * A log within one process, for tests and for applications of a single process. The published events are lost when the
 * process ends.
 */
export function memoryLog(options: MemoryLogOptions = {}): Log {
	return new MemoryLog(options);
}

/** How many bytes of events a topic keeps where neither it nor its log says so. */
export const defaultRetainBytes: number = 256 * 1024 * 1024;

class MemoryLog implements Log {
	readonly location = "memory:";
	readonly #topics: Map<string, MemoryTopic>;
	readonly #retainBytes: number;
	readonly #features: LogFeatures;
	readonly #handle = new MemoryHandle("the log");

	constructor({ topics = new MemoryTopics(), maxEventBytes, retainBytes }: MemoryLogOptions) {
		this.#topics = topics["~topics"];
		this.#retainBytes = retainBytes ?? defaultRetainBytes;
		this.#features = {
			order: "log",
			dedupeMs: Number.POSITIVE_INFINITY,
			atomic: true,
			syncs: "later",
			maxEventBytes: maxEventBytes ?? defaultMaxEventBytes,
		};
	}

	async open(name: string, options: TopicOptions, ctx: Context): Promise<TopicLog> {
		this.#handle.check(ctx);
		const { lanes = defaultLanes, retainMs = defaultRetainMs, retainBytes = this.#retainBytes } = options;
		const topic = this.#topics.get(name) ?? new MemoryTopic(lanes, { retainMs, retainBytes });
		this.#topics.set(name, topic);
		return new MemoryTopicLog(name, topic, this.#features, this.#handle);
	}

	async find(name: string, ctx: Context): Promise<TopicLog | undefined> {
		this.#handle.check(ctx);
		const topic = this.#topics.get(name);
		if (topic === undefined) return undefined;
		return new MemoryTopicLog(name, topic, this.#features, this.#handle);
	}

	async topics(ctx: Context): Promise<readonly string[]> {
		this.#handle.check(ctx);
		return [...this.#topics.keys()].sort();
	}

	async close(): Promise<void> {
		this.#handle.close();
	}
}

class MemoryTopicLog implements TopicLog {
	readonly topic: string;
	readonly lanes: number;
	readonly features: LogFeatures;
	readonly #topic: MemoryTopic;
	readonly #handle: MemoryHandle;

	constructor(name: string, topic: MemoryTopic, features: LogFeatures, handle: MemoryHandle) {
		this.topic = name;
		this.lanes = topic.lanes;
		this.features = features;
		this.#topic = topic;
		this.#handle = handle;
	}

	get retainMs(): number {
		return this.#topic.retainMs;
	}

	async append(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]> {
		this.#handle.check(ctx);
		const texts = events.map((event) => ({
			id: event.id,
			key: event.key,
			lane: laneOf(event, this.lanes),
			text: eventText(event, this.features.maxEventBytes),
		}));
		return this.#topic.add(texts);
	}

	async read(after: Cursors, bounds: PageBounds, ctx: Context): Promise<Page> {
		this.#handle.check(ctx);
		return this.#topic.read(after, bounds);
	}

	async get(
		places: readonly { readonly lane: number; readonly cursor: Cursor }[],
		ctx: Context,
	): Promise<readonly (Placed | undefined)[]> {
		this.#handle.check(ctx);
		return places.map(({ lane, cursor }) => this.#topic.get(lane, cursor));
	}

	async find(id: string, ctx: Context): Promise<Placed | undefined> {
		this.#handle.check(ctx);
		const receipt = this.#topic.receipt(id);
		return receipt?.cursor === undefined ? undefined : this.#topic.get(receipt.lane, receipt.cursor);
	}

	async at(when: "start" | "now" | Date, ctx: Context): Promise<Cursors> {
		this.#handle.check(ctx);
		const time = typeof when === "string" ? when : when.getTime();
		return new Map(Array.from({ length: this.lanes }, (_, lane) => [lane, this.#topic.at(lane, time)]));
	}

	async diverged(after: Cursors, ctx: Context): Promise<readonly number[]> {
		this.#handle.check(ctx);
		return Array.from(after)
			.filter(([lane, cursor]) => this.#topic.diverged(lane, cursor))
			.map(([lane]) => lane);
	}

	async behind(after: Cursors, ctx: Context): Promise<ReadonlyMap<number, Behind>> {
		this.#handle.check(ctx);
		return new Map(Array.from(after, ([lane, cursor]) => [lane, this.#topic.behind(lane, cursor)]));
	}

	async changed(after: Cursors, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		await this.#handle.whileOpen(ctx, (open) => this.#topic.changed(after, open));
	}

	async place({ id, cursor }: Receipt, ctx: Context): Promise<Cursor> {
		this.#handle.check(ctx);
		const place = cursor ?? this.#topic.receipt(id)?.cursor;
		if (place === undefined) throw notKept(this.topic, id);
		return place;
	}
}

function notKept(topic: string, id: string): ServiceError {
	return new ServiceError({
		code: "not_found",
		message: `the topic ${topic} has no event with the id ${id}, or keeps it no longer`,
	});
}
