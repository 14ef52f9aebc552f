import type { Context } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import {
	type Behind,
	type Cursor,
	type Cursors,
	cursorAt,
	type EventRecord,
	type LogFeatures,
	type Page,
	type PageBounds,
	type Placed,
	positionOf,
	type Receipt,
	type TopicLog,
} from "@allium/core/event";
import { cursorOf, placedMessage } from "./event-message.ts";
import type { EventStream } from "./event-stream.ts";
import { countAfter, placeBefore } from "./stream-reading.ts";
import { TopicEdges } from "./topic-edges.ts";
import { TopicNews } from "./topic-news.ts";
import { type PublisherOptions, TopicPublisher } from "./topic-publisher.ts";
import { TopicReader } from "./topic-reader.ts";
import { laneOfSubject, type TopicSubjects } from "./topic-subjects.ts";

/** Options of a topic. */
export interface NatsTopicOptions extends Pick<PublisherOptions, "stream" | "subjects" | "lanes" | "make"> {
	readonly topic: string;
	readonly retainMs: number;
	readonly features: LogFeatures;
	/** The subject on which the server tells that it stored a message; undefined where it does not. */
	readonly news: string | undefined;
}

/** A topic in a stream of JetStream. */
export class NatsTopic implements TopicLog {
	readonly topic: string;
	readonly lanes: number;
	readonly retainMs: number;
	readonly features: LogFeatures;
	readonly #stream: EventStream;
	readonly #subjects: TopicSubjects;
	readonly #edges: TopicEdges;
	readonly #publisher: TopicPublisher;
	readonly #reader: TopicReader;
	readonly #news: TopicNews;
	#isClosed = false;

	constructor({ topic, retainMs, features, news, ...shared }: NatsTopicOptions) {
		const { stream, subjects, lanes } = shared;
		const { atomic, maxEventBytes } = features;
		this.topic = topic;
		this.lanes = lanes;
		this.retainMs = retainMs;
		this.features = features;
		this.#stream = stream;
		this.#subjects = subjects;
		this.#edges = new TopicEdges(stream);
		this.#publisher = new TopicPublisher({ ...shared, isAtomic: atomic, maxEventBytes });
		this.#reader = new TopicReader(stream, subjects, lanes, this.#edges);
		this.#news = new TopicNews({ stream, subjects, lanes, edges: this.#edges, subject: news });
	}

	async append(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]> {
		this.#check(ctx);
		return this.#publisher.append(events, ctx);
	}

	async read(after: Cursors, bounds: PageBounds, ctx: Context): Promise<Page> {
		this.#check(ctx);
		return this.#reader.read(after, bounds, ctx);
	}

	async get(
		places: readonly { readonly lane: number; readonly cursor: Cursor }[],
		ctx: Context,
	): Promise<readonly (Placed | undefined)[]> {
		this.#check(ctx);
		return Promise.all(
			places.map(async ({ lane, cursor }) => {
				const message = await this.#stream.at(positionOf(cursor), ctx);
				if (message === undefined || laneOfSubject(message.subject) !== lane) return undefined;
				return cursorOf(message) === cursor ? placedMessage(message) : undefined;
			}),
		);
	}

	async at(when: "start" | "now" | Date, ctx: Context): Promise<Cursors> {
		this.#check(ctx);
		const { first, last } = await this.#edges.now(ctx);
		const all = this.#subjects.all(this.lanes);
		const before = when instanceof Date ? await placeBefore(this.#stream, all, when, ctx) : last;
		const position = when === "start" ? first - 1 : before;
		const cursor = await this.#cursorAt(position, ctx);
		return new Map(Array.from({ length: this.lanes }, (_, lane) => [lane, cursor]));
	}

	async diverged(after: Cursors, ctx: Context): Promise<readonly number[]> {
		this.#check(ctx);
		const { first, last } = await this.#edges.now(ctx);
		const isOther = new Map(
			await Promise.all(
				Array.from(new Set(after.values()), async (cursor): Promise<[Cursor, boolean]> => {
					const position = positionOf(cursor);
					if (position > last) return [cursor, true];
					// An event that is no longer kept cannot be compared.
					if (position < first) return [cursor, false];
					const message = await this.#stream.at(position, ctx);
					return [cursor, message !== undefined && cursorOf(message) !== cursor];
				}),
			),
		);
		return [...after].filter(([, cursor]) => isOther.get(cursor) === true).map(([lane]) => lane);
	}

	async behind(after: Cursors, ctx: Context): Promise<ReadonlyMap<number, Behind>> {
		this.#check(ctx);
		return new Map(
			await Promise.all(
				Array.from(after, async ([lane, cursor]): Promise<[number, Behind]> => {
					return [lane, await this.#behind(lane, positionOf(cursor), ctx)];
				}),
			),
		);
	}

	async changed(after: Cursors, ctx: Context): Promise<void> {
		this.#check(ctx);
		await this.#news.changed(after, ctx);
	}

	async place({ id, cursor }: Receipt): Promise<Cursor> {
		if (cursor === undefined) throw refusal(`the receipt of the event ${id} is not of this log`);
		return cursor;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#news.close();
		await this.#reader.close();
	}

	async #behind(lane: number, position: number, ctx: Context): Promise<Behind> {
		const filter = this.#subjects.lane(lane, this.lanes);
		const next = await this.#stream.next(position, filter, ctx);
		if (next === undefined) return { events: 0, since: undefined };
		return { events: await countAfter(this.#stream, filter, next.sequence - 1, ctx), since: next.storedAt };
	}

	async #cursorAt(position: number, ctx: Context): Promise<Cursor> {
		if (position === 0) return "";
		const message = await this.#stream.at(position, ctx);
		return message === undefined ? cursorAt(position, "") : cursorOf(message);
	}

	#check(ctx: Context): void {
		if (this.#isClosed) throw refusal("the log is closed");
		if (ctx.error !== undefined) throw ctx.error;
	}
}
