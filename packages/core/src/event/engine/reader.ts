import type { Context } from "../../context/context.ts";
import { sleep } from "../../context/sleep.ts";
import { errorText } from "../../errors/error-text.ts";
import { Backoff } from "../../time/backoff.ts";
import type { Cursor, Page, PageBounds, TopicLog } from "../log.ts";
import { attempt } from "./attempt.ts";
import { ChangeWait } from "./change-wait.ts";
import type { Lane } from "./lane.ts";
import type { Troubles } from "./troubles.ts";

/** How many events one page has at most, where fewer are handled at once. */
const pageEvents = 256;

/** After this time without a pause, timers and sockets get their turn, in milliseconds. */
const longestTurnMs = 20;

/** Options of {@link Reader}. */
export interface ReaderOptions {
	readonly topic: TopicLog;
	readonly concurrency: number;
	/** How many bytes of events are in memory at most. */
	readonly bytes: number;
	/** How long the log may take for an answer. */
	readonly patienceMs: number;
	/** Ends when nothing is to be read any more. */
	readonly ctx: Context;
	readonly troubles: Troubles;
	readonly lanes: () => ReadonlyMap<number, Lane>;
	/** Told of a lane whose cursor names an event that the log never had. */
	readonly diverged: (lane: Lane) => void;
	/** Takes a page that was read for these lanes. Never rejects. */
	readonly take: (page: Page, lanes: ReadonlyMap<number, Lane>) => Promise<void>;
}

/**
 * Reads a topic for the lanes that are held, page by page. It stops while enough events are in hand, and leaves out the
 * lanes that have enough.
 */
export class Reader {
	readonly #options: ReaderOptions;
	readonly #pageEvents: number;
	readonly #backoff = new Backoff({ firstMs: 50, longestMs: 2_000 });
	readonly #news = new ChangeWait();
	/** The bound that leaves events unread: that of the group, or that of a lane. */
	#short: "group" | "lane" | undefined;
	#turnBegan = 0;
	/**
	 * Whether the log was unreachable since its events were last compared with the cursors. It may have been restored from
	 * a backup meanwhile.
	 */
	#isDoubted = false;

	constructor(options: ReaderOptions) {
		this.#options = options;
		this.#pageEvents = Math.max(pageEvents, 2 * options.concurrency);
	}

	/** Reads until the context ends. Never rejects. */
	async run(): Promise<void> {
		const { ctx, troubles } = this.#options;
		while (ctx.error === undefined) {
			try {
				await this.#read();
			} catch (error) {
				if (ctx.error !== undefined) return;
				this.#isDoubted = true;
				troubles.set("read", `the log cannot be read: ${errorText(error)}`);
				await sleep(this.#backoff.next(), ctx).catch(() => {});
			}
		}
	}

	/** There are other lanes to be read. */
	wake(): void {
		this.#news.wake();
	}

	/** An event is over. */
	freed(lane: Lane): void {
		if (this.#short === undefined || this.#news.isWoken) return;
		if (this.#hasRoom(2) && (this.#short === "group" || this.#wants(lane, 2))) this.wake();
	}

	async #read(): Promise<void> {
		const { topic, patienceMs, ctx, troubles, take } = this.#options;
		this.#news.reset();
		const lanes = this.#wanted();
		const room = this.#room;
		if (lanes.size === 0 || !this.#hasRoom(1)) return this.#news.wait(ctx);
		if (this.#isDoubted && !(await this.#isSameLog())) return;
		const after = new Map<number, Cursor>();
		for (const [number, { window }] of lanes) after.set(number, window.read);
		const bounds = { events: this.#pageEvents, bytes: room };
		const page = await attempt(patienceMs, ctx, (ctx) => topic.read(after, bounds, ctx));
		this.#backoff.reset();
		troubles.clear("read");
		await take(page, lanes);
		if (page.events.length > 0 || page.lost.length > 0) await this.#giveTurn();
		if (isAtEnd(page, bounds)) await this.#news.wait(ctx, (ctx) => topic.changed(page.next, ctx));
	}

	/**
	 * Whether the log has the events up to which the lanes were read. A log that was restored from a backup gives their
	 * positions to other events, which would be passed over.
	 */
	async #isSameLog(): Promise<boolean> {
		const { topic, patienceMs, ctx, lanes, diverged } = this.#options;
		const cursors = new Map(Array.from(lanes(), ([number, { window }]) => [number, window.read]));
		const others = await attempt(patienceMs, ctx, (ctx) => topic.diverged(cursors, ctx));
		this.#isDoubted = false;
		const stopped = others.flatMap((number) => lanes().get(number) ?? []);
		for (const lane of stopped) diverged(lane);
		return stopped.length === 0;
	}

	/** The lanes that are to be read. */
	#wanted(): Map<number, Lane> {
		const wanted = new Map<number, Lane>();
		this.#short = undefined;
		for (const [number, lane] of this.#options.lanes()) {
			if (!lane.isOpen) continue;
			if (this.#wants(lane, 1)) wanted.set(number, lane);
			else this.#short = "lane";
		}
		if (!this.#hasRoom(1)) this.#short = "group";
		return wanted;
	}

	/** Whether a lane has less in hand than a fraction of its bounds. */
	#wants(lane: Lane, part: number): boolean {
		if (!lane.isOpen || lane.isBlocked) return false;
		// A lane that pauses needs one event to try.
		if (lane.pause.until !== 0) return lane.pause.room > 0 && lane.inHand === 0;
		const share = Math.max(64, (2 * this.#pageEvents) / this.#options.lanes().size);
		return lane.inHand < share / part && lane.window.length < (2 * this.#pageEvents) / part;
	}

	#hasRoom(part: number): boolean {
		let inHand = 0;
		for (const lane of this.#options.lanes().values()) inHand += lane.inHand;
		return inHand < this.#pageEvents / part && this.#room * 4 >= this.#options.bytes;
	}

	/** How many bytes may be read. */
	get #room(): number {
		let room = this.#options.bytes;
		for (const { bytes } of this.#options.lanes().values()) room -= bytes;
		return room;
	}

	/** A log in memory and quick handlers would leave no turn to timers, such as that of the next renewal. */
	async #giveTurn(): Promise<void> {
		const now = performance.now();
		if (now - this.#turnBegan < longestTurnMs) return;
		await sleep(0, this.#options.ctx).catch(() => {});
		this.#turnBegan = performance.now();
	}
}

/** Whether a page is so far from its bounds that the log probably has no events behind it. */
function isAtEnd({ events, lost }: Page, bounds: PageBounds): boolean {
	if (lost.length > 0 || events.length >= bounds.events / 2) return false;
	return events.reduce((sum, { bytes }) => sum + bytes, 0) < bounds.bytes / 2;
}
