import type { Context } from "@allium/core";
import {
	type Cursor,
	type Cursors,
	cursorAt,
	type Page,
	type PageBounds,
	positionOf,
} from "@allium/core/event";
import { cursorOf, placedMessage } from "./event-message.ts";
import type { EventStream } from "./event-stream.ts";
import { LaneReading, nearby, type Positions } from "./lane-reading.ts";
import { PageInMaking } from "./page-in-making.ts";
import type { Edges, TopicEdges } from "./topic-edges.ts";
import type { TopicSubjects } from "./topic-subjects.ts";

/** How many readings one process keeps of a topic. A group that is worked on has about one. */
const mostReadings = 256;
/** How old the edges of a topic may be for readers far from its beginning, in milliseconds. */
const freshMs = 2_000;
/** The cursor of a lane that has no events moves when it is so far behind, in places of the stream. */
const restingPlaces = nearby / 2;
/** So many messages without an event of the key are looked through for one page. */
const mostLookedThrough = 20_000;

/** Reads the events of a topic in pages. */
export class TopicReader {
	readonly #stream: EventStream;
	readonly #subjects: TopicSubjects;
	readonly #lanes: number;
	readonly #edges: TopicEdges;
	/** Readings that nobody is asking at the moment, the one that rested longest first. */
	readonly #resting = new Set<LaneReading>();
	/** Which of several clusters of lanes comes first, so that each has its turn. */
	#turn = 0;
	#isClosed = false;

	constructor(stream: EventStream, subjects: TopicSubjects, lanes: number, edges: TopicEdges) {
		this.#stream = stream;
		this.#subjects = subjects;
		this.#lanes = lanes;
		this.#edges = edges;
	}

	async read(after: Cursors, bounds: PageBounds, ctx: Context): Promise<Page> {
		const positions = new Map(Array.from(after, ([lane, cursor]) => [lane, positionOf(cursor)]));
		const page = new PageInMaking(after, bounds);
		const clusters = await this.#clusters(positions, bounds.key, ctx);
		const turn = this.#turn++;
		for (const index of clusters.keys()) {
			const cluster = clusters[(turn + index) % clusters.length];
			if (cluster !== undefined && page.hasRoom) await this.#readCluster(cluster, page, ctx);
		}
		return page;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		const readings = [...this.#resting];
		this.#resting.clear();
		await Promise.all(readings.map((reading) => reading.end()));
	}

	/** The lanes that are near one another, so that reading them together repeats little. */
	async #clusters(
		positions: Positions,
		key: string | undefined,
		ctx: Context,
	): Promise<readonly Positions[]> {
		const clusters = near(positions);
		const isKnown = (cluster: Positions): boolean =>
			this.#find(this.#filterOf(cluster, key), cluster) !== undefined;
		if (clusters.length < 2 || clusters.every(isKnown)) return clusters;
		const { last } = await this.#edges.now(ctx);
		return near(await this.#advanced(positions, undefined, last, ctx));
	}

	/**
	 * The same places, moved to the next event of each lane, or to the last place of the topic: a lane that seems far
	 * behind may only rest.
	 */
	async #advanced(
		positions: Positions,
		key: string | undefined,
		last: number,
		ctx: Context,
	): Promise<Positions> {
		const advancing = Array.from(positions, async ([lane, position]): Promise<[number, number]> => {
			const next = await this.#stream.next(position, this.#filter(lane, key), ctx);
			return [lane, next === undefined ? Math.max(position, last) : next.sequence - 1];
		});
		return new Map(await Promise.all(advancing));
	}

	async #readCluster(cluster: Positions, page: PageInMaking, ctx: Context): Promise<void> {
		const edges = await this.#edges.within(freshMs, ctx);
		const filter = this.#filterOf(cluster, page.key);
		const reading = this.#take(filter, cluster) ?? new LaneReading(this.#stream, filter, cluster);
		let isKept = false;
		try {
			isKept = await this.#readOn(reading, cluster, edges, page, ctx);
		} finally {
			if (isKept) this.#rest(reading);
			else void reading.end();
		}
	}

	/** Returns whether the reading is of use for the next page. */
	async #readOn(
		reading: LaneReading,
		cluster: Positions,
		edges: Edges,
		page: PageInMaking,
		ctx: Context,
	): Promise<boolean> {
		let isComplete = false;
		for (let looked = 0; looked < mostLookedThrough && !isComplete && page.wantsMore; ) {
			const before = reading.position;
			const bounds = { messages: page.eventsLeft, bytes: page.bytesLeft };
			const found = await reading.next(cluster, bounds, ctx);
			if (!found.isNext) await this.#checkLoss(cluster, before, edges, page, ctx);
			for (const message of found.messages) page.add(placedMessage(message));
			isComplete = found.isComplete;
			looked += bounds.messages;
		}
		const isBehind = isComplete && (await this.#reachEnd(cluster, reading, edges, page.key, ctx));
		await this.#moveResting(cluster, reading, edges, page, ctx);
		return !isBehind;
	}

	/**
	 * Tells the lanes whose events may be gone: retention has passed the place up to which they were read. The server
	 * does not say of which lanes the events were.
	 */
	async #checkLoss(
		cluster: Positions,
		before: number,
		edges: Edges,
		page: PageInMaking,
		ctx: Context,
	): Promise<void> {
		const isFar = before > edges.first + nearby && before > (edges.first + edges.last) / 2;
		const { first } = isFar ? edges : await this.#edges.now(ctx);
		for (const [lane, position] of cluster) {
			if (Math.max(position, before) < first - 1) page.lose(lane, cursorAt(first - 1, ""));
		}
	}

	/**
	 * Moves a reading that found all there is to the end of the topic, where its own lanes have had no events for long.
	 * Returns whether there is more than the reading was told.
	 */
	async #reachEnd(
		cluster: Positions,
		reading: LaneReading,
		edges: Edges,
		key: string | undefined,
		ctx: Context,
	): Promise<boolean> {
		if (key === undefined && !isResting(reading.position, edges.last, edges.first)) return false;
		const reached = Array.from(cluster, ([lane, position]): [number, number] => [
			lane,
			Math.max(position, reading.position),
		]);
		// The leader of the stream is asked, because a reading may be told by a server that lags behind.
		const { last } = await this.#edges.now(ctx);
		const advanced = await this.#advanced(new Map(reached), key, last, ctx);
		reading.position = Math.min(...advanced.values());
		return reading.position < last;
	}

	/** Moves the cursors of lanes that have no events, so that retention does not pass them. */
	async #moveResting(
		cluster: Positions,
		reading: LaneReading,
		{ first }: Edges,
		page: PageInMaking,
		ctx: Context,
	): Promise<void> {
		const resting = [...cluster.keys()].filter(
			(lane) =>
				page.key !== undefined || isResting(positionOf(page.next.get(lane) ?? ""), reading.position, first),
		);
		if (resting.length === 0) return;
		const cursor = await this.#cursorAt(reading, ctx);
		for (const lane of resting) page.advance(lane, cursor);
	}

	async #cursorAt({ last, position }: LaneReading, ctx: Context): Promise<Cursor> {
		const message = last?.sequence === position ? last : await this.#stream.at(position, ctx);
		return message === undefined ? cursorAt(position, "") : cursorOf(message);
	}

	#filter(lane: number, key: string | undefined): string {
		if (key === undefined) return this.#subjects.lane(lane, this.#lanes);
		return this.#subjects.of({ id: "", key }, this.#lanes).subject;
	}

	/**
	 * The filter that the server gets: one lane, or all of them. Filters for several lanes cost the server more for one
	 * event than it costs to send forty events of other lanes, which are dropped here.
	 */
	#filterOf(positions: Positions, key: string | undefined): string {
		const [lane = 0, ...others] = positions.keys();
		const isOne = others.length === 0 || key !== undefined;
		return isOne ? this.#filter(lane, key) : this.#subjects.all(this.#lanes);
	}

	/** The farthest of the readings that go on at these places: other readers of the process may wait for the rest. */
	#find(filter: string, positions: Positions): LaneReading | undefined {
		let farthest: LaneReading | undefined;
		for (const reading of this.#resting) {
			if (reading.position <= (farthest?.position ?? -1)) continue;
			if (reading.goesOnAt(filter, positions)) farthest = reading;
		}
		return farthest;
	}

	/** The reading that goes on at these places, for this caller alone. */
	#take(filter: string, positions: Positions): LaneReading | undefined {
		const found = this.#find(filter, positions);
		if (found !== undefined) this.#resting.delete(found);
		return found;
	}

	/** Keeps a reading for the next page. */
	#rest(reading: LaneReading): void {
		if (this.#isClosed) return void reading.end();
		this.#resting.add(reading);
		if (this.#resting.size <= mostReadings) return;
		for (const oldest of this.#resting) {
			this.#resting.delete(oldest);
			void oldest.end();
			return;
		}
	}
}

/** Whether a place is so far behind another one that it is worth moving there, or retention comes near. */
function isResting(position: number, end: number, first: number): boolean {
	return end - position > restingPlaces || (first > 1 && position < Math.min(end, (first + end) / 2));
}

/** Parts the lanes where they are far apart. */
function near(positions: Positions): readonly Positions[] {
	const clusters: Map<number, number>[] = [];
	let end = Number.NEGATIVE_INFINITY;
	for (const [lane, position] of [...positions].sort(([, one], [, other]) => one - other)) {
		if (position - end > nearby) clusters.push(new Map());
		clusters.at(-1)?.set(lane, position);
		end = position;
	}
	return clusters;
}
