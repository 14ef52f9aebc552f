import type { Context } from "@allium/core";
import type { Deliver, Delivered, Verdict } from "@allium/core/event";

/** The handler of a test. */
export type Handle = (delivered: Delivered, ctx: Context) => Verdict | Promise<Verdict>;

export const done: Verdict = { do: "done" };

/** The event fails, and is tried again after `afterMs` milliseconds. */
export function retry(afterMs: number, blameless = false): Verdict {
	const error = { code: "unavailable", message: "the callee is away" };
	return { do: "retry", afterMs, blameless, error };
}

/** The event cannot be handled. */
export const park: Verdict = {
	do: "park",
	error: { code: "invalid_argument", reason: "no_such_player", message: "there is no such player" },
};

/** A handler that never ends by itself. */
export async function untilEnd(ctx: Context): Promise<Verdict> {
	await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
	return retry(1, true);
}

/** Handles events, and records them. Several consumers may share one recorder. */
export class Recorder {
	/** Every delivery, in the order in which they began. */
	readonly begun: Delivered[] = [];
	/** The ids of the events that were handled, in the order in which they ended. */
	readonly handled: string[] = [];
	/** The ids of events that began while another event of their key was in hand. */
	readonly overlaps: string[] = [];
	/** The largest number of events that were in hand at once. */
	most = 0;
	/** How many handlers have seen their context end. */
	ended = 0;
	readonly #handle: Handle;
	readonly #inHand = new Set<Delivered>();

	constructor(handle: Handle = () => done) {
		this.#handle = handle;
	}

	readonly deliver: Deliver = async (delivered, ctx) => {
		const { id, key } = delivered.event;
		const isHeld = [...this.#inHand].some(({ event }) => key !== undefined && event.key === key);
		if (isHeld) this.overlaps.push(id);
		this.begun.push(delivered);
		this.#inHand.add(delivered);
		this.most = Math.max(this.most, this.#inHand.size);
		const verdict = await this.#handle(delivered, ctx);
		this.#inHand.delete(delivered);
		if (ctx.error !== undefined) this.ended++;
		else if (verdict.do === "done") this.handled.push(id);
		return verdict;
	};

	/** How many events are in hand. */
	get inHand(): number {
		return this.#inHand.size;
	}

	/** The ids of all deliveries, in the order in which they began. */
	get ids(): string[] {
		return this.begun.map(({ event }) => event.id);
	}

	/** The deliveries of one event. */
	of(id: string): Delivered[] {
		return this.begun.filter(({ event }) => event.id === id);
	}

	/** The ids of the events of a key that were handled, each once, in the order in which they first were. */
	firstOf(key: string): string[] {
		const ofKey = new Set(this.begun.filter(({ event }) => event.key === key).map(({ event }) => event.id));
		return [...new Set(this.handled)].filter((id) => ofKey.has(id));
	}
}

/** A barrier: handlers wait until a given number of them have arrived. */
export class Meeting {
	readonly #all: number;
	readonly #open = Promise.withResolvers<void>();
	#count = 0;

	constructor(all: number) {
		this.#all = all;
	}

	/** Resolves when all have arrived. */
	join(): Promise<void> {
		if (++this.#count >= this.#all) this.open();
		return this.#open.promise;
	}

	/** How many have arrived. */
	get size(): number {
		return this.#count;
	}

	/** Lets all continue. */
	open(): void {
		this.#open.resolve();
	}
}
