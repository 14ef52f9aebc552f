import { errorText, isServiceError, isTrouble } from "@allium/core";
import { readEvent } from "@allium/core/event";
import type { ViewPlaces, ViewTransaction } from "@allium/core/store";
import { Backoff, sleep } from "@allium/core/transport";
import type { FedEvent } from "./merged-feed.ts";
import type { ProjectionTransaction } from "./projection-transaction.ts";
import { type ViewEvent, viewEventOf } from "./view-event.ts";
import type { ViewPart } from "./view-part.ts";
import { isUnknownVersion, placesOf, type ViewBatch, type ViewWork } from "./view-work.ts";

/** A handler of a projection. */
export type SqlHandler = (data: unknown, tx: ProjectionTransaction, event: ViewEvent) => unknown;

/** How long one transaction may take, in milliseconds: SQLite blocks the event loop, PostgreSQL does not. */
const longestMs = { sqlite: 2, postgres: 100 };

/** An event that is ready to be taken. */
interface Ready extends FedEvent {
	readonly handle?: (tx: ProjectionTransaction) => unknown;
}

/**
 * Takes events into tables, one after another. An event that fails stops the view, because the next may depend on it.
 *
 * Statements of several events may be under way at once. When one fails, the events are taken again, and each waits for
 * its statements: only so is it known which event is to blame.
 */
export class SqlBatch implements ViewBatch {
	readonly #parts: ReadonlyMap<string, ViewPart<SqlHandler>>;
	readonly #work: ViewWork;
	readonly #backoff = new Backoff({ firstMs: 200, longestMs: 30_000, jitter: 0.5 });
	/** Whether each event waits for its statements. */
	#isCareful = false;

	constructor(parts: readonly ViewPart<SqlHandler>[], work: ViewWork) {
		this.#parts = new Map(parts.map((part) => [part.topic, part]));
		this.#work = work;
	}

	async take(events: readonly FedEvent[], places: ViewPlaces): Promise<void> {
		const ready: Ready[] = [];
		const { turn } = this.#work;
		for (const event of events) {
			ready.push(await this.#ready(event));
			if (turn.isOver) await turn.give();
		}
		let done = 0;
		let limit = ready.length;
		while (done < ready.length) {
			await turn.give();
			const slice = ready.slice(done, limit);
			const { reached, error } = await this.#apply(
				slice,
				done + slice.length === ready.length ? places : undefined,
			);
			if (error === undefined) {
				done += reached;
				limit = ready.length;
				if (this.#backoff.failures > 0) await this.#work.onTrouble(undefined);
				this.#backoff.reset();
			} else if (reached > 0) limit = done + reached;
			else if (isUnknownVersion(error)) throw error;
			else {
				await this.#stopped(ready[done], error);
				limit = done + 1;
			}
		}
	}

	async retry(): Promise<void> {
		// Nothing is parked: an event that fails is tried again and again.
	}

	async retryUnknown(): Promise<void> {
		// Nothing is parked.
	}

	/**
	 * Applies as many events as fit into one transaction. Returns their number, or the number of events before the one
	 * that failed.
	 */
	async #apply(
		events: readonly Ready[],
		end: ViewPlaces | undefined,
	): Promise<{ readonly reached: number; readonly error?: unknown }> {
		const { build, lease, dialect = "sqlite", ctx, onApplied } = this.#work;
		let reached = 0;
		const sentAt = performance.now();
		const work = async (tx: ViewTransaction): Promise<{ places: ViewPlaces }> => {
			reached = 0;
			const began = performance.now();
			for (const { handle } of events) {
				await handle?.({ sql: tx.sql, dialect });
				if (this.#isCareful) await tx.settled();
				reached++;
				if (performance.now() - began >= longestMs[dialect]) break;
			}
			const isWhole = reached === events.length && end !== undefined;
			return { places: isWhole ? end : placesOf(events.slice(0, reached)) };
		};
		try {
			await build.apply(lease, work, ctx);
			onApplied(sentAt);
			this.#isCareful = false;
			return { reached };
		} catch (error) {
			if (ctx.error !== undefined) throw ctx.error;
			if (isServiceError(error) && error.reason === "lease_lost") throw error;
			// If the backend did not answer, no event is to blame.
			if (isBlameless(error)) return { reached: 0, error };
			if (this.#isCareful) return { reached, error };
			this.#isCareful = true;
			return this.#apply(events, end);
		}
	}

	async #stopped(event: Ready | undefined, error: unknown): Promise<void> {
		const { view, logger, ctx, onTrouble } = this.#work;
		const waitMs = this.#backoff.next();
		if (event !== undefined) {
			const { id, type } = event.placed.event;
			const why = isBlameless(error)
				? errorText(error)
				: `the event ${type} with the id ${id} fails: ${errorText(error)}; correct its handler and give the view another version`;
			if (this.#backoff.failures <= 1) {
				logger.log("error", "a view does not go on; it is tried again", { view, event: type, id, error });
			}
			await onTrouble(why);
		}
		await sleep(waitMs, ctx);
	}

	async #ready(fed: FedEvent): Promise<Ready> {
		const { topic, placed } = fed;
		const handler = this.#parts.get(topic)?.handlers.get(placed.event.type);
		if (handler === undefined || placed.fault !== undefined) return fed;
		const event = viewEventOf(topic, placed);
		const read = await readEvent(handler.type, placed.event).then(
			(data) => ({ data }),
			(error: unknown) => ({ error }),
		);
		return {
			...fed,
			async handle(tx) {
				if ("error" in read) throw read.error;
				await handler.handle(read.data, tx, event);
			},
		};
	}
}

/** Whether an error is the backend's, and not the event's. */
function isBlameless(error: unknown): boolean {
	return isServiceError(error) && (isTrouble(error) || error.code === "aborted");
}
