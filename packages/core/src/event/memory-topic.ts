import type { Context } from "../context/context.ts";
import { cursorAt, positionOf } from "./cursor.ts";
import type { Behind, Cursor, Cursors, Page, PageBounds, Placed, Receipt } from "./log.ts";
import { placedText, type TextPlace } from "./placed-text.ts";
import { Waiters } from "./waiters.ts";

/** The bounds of a topic. */
export interface MemoryBounds {
	readonly retainMs: number;
	readonly retainBytes: number;
}

/** A text in its place. */
interface Entry extends TextPlace {
	readonly id: string;
	readonly key: string | undefined;
	readonly text: string;
	/** When it was added, in milliseconds since 1970. */
	readonly at: number;
}

/** The entries of one lane that are kept, in order. */
interface Lane {
	readonly entries: Entry[];
	/** The cursor of the last entry that is kept no longer; `""` when there was none. */
	gone: Cursor;
}

/** A text that is to be added. */
export interface MemoryText {
	readonly id: string;
	readonly key?: string | undefined;
	readonly lane: number;
	readonly text: string;
}

/** One topic in memory. Handles share it. */
export class MemoryTopic {
	readonly lanes: number;
	#bounds: MemoryBounds;
	readonly #lanes: readonly Lane[];
	readonly #receipts = new Map<string, Receipt>();
	/** All entries in the order in which they came. */
	#entries: Entry[] = [];
	#bytes = 0;
	#position = 0;
	readonly #waiters = new Waiters();

	constructor(lanes: number, bounds: MemoryBounds) {
		this.lanes = lanes;
		this.#bounds = bounds;
		this.#lanes = Array.from({ length: lanes }, () => ({ entries: [], gone: "" }));
	}

	get retainMs(): number {
		return this.#bounds.retainMs;
	}

	/** Adds texts. Whether they are events is not asked. */
	add(texts: readonly MemoryText[]): Receipt[] {
		const receipts = texts.map((text) => this.#add(text));
		this.#drop();
		this.#waiters.wake();
		return receipts;
	}

	read(after: Cursors, bounds: PageBounds): Page {
		this.#drop();
		const next = new Map(after);
		const events: Placed[] = [];
		const lost = [...after].filter(([lane, cursor]) => cursor < this.#lane(lane).gone).map(([lane]) => lane);
		for (const lane of lost) next.set(lane, this.#lane(lane).gone);
		let bytes = 0;
		for (const entry of this.#behindAll(after)) {
			if (bounds.key === undefined || entry.key === bounds.key) {
				bytes += entry.bytes;
				if (events.length > 0 && (events.length >= bounds.events || bytes > bounds.bytes)) break;
				events.push(placedText(entry.text, entry));
			}
			next.set(entry.lane, entry.cursor);
		}
		return { events, next, lost };
	}

	get(lane: number, cursor: Cursor): Placed | undefined {
		this.#drop();
		const entry = this.#find(lane, cursor);
		return entry === undefined ? undefined : placedText(entry.text, entry);
	}

	/** The place at which a lane begins or ends, or was at a time in milliseconds since 1970. */
	at(lane: number, when: "start" | "now" | number): Cursor {
		this.#drop();
		const { entries, gone } = this.#lane(lane);
		if (when === "start") return gone;
		if (when === "now") return entries.at(-1)?.cursor ?? gone;
		return entries.findLast(({ at }) => at < when)?.cursor ?? gone;
	}

	diverged(lane: number, cursor: Cursor): boolean {
		this.#drop();
		// An event that is no longer kept cannot be compared.
		if (positionOf(cursor) <= positionOf(this.#lane(lane).gone)) return false;
		return this.#find(lane, cursor) === undefined;
	}

	behind(lane: number, cursor: Cursor): Behind {
		this.#drop();
		const { entries } = this.#lane(lane);
		const first = indexBehind(entries, cursor);
		return { events: entries.length - first, since: entries[first]?.at };
	}

	/** Keeps all later events without bound, because they belong to streams. */
	keepAll(): void {
		this.#drop();
		this.#bounds = { retainMs: Number.POSITIVE_INFINITY, retainBytes: Number.POSITIVE_INFINITY };
	}

	/** The text of an id that is kept, and where it lies. */
	text(id: string): { readonly text: string; readonly lane: number; readonly cursor: Cursor } | undefined {
		const receipt = this.#receipts.get(id);
		if (receipt?.cursor === undefined) return undefined;
		return this.#find(receipt.lane, receipt.cursor);
	}

	/** The receipt of an id that is kept. */
	receipt(id: string): Receipt | undefined {
		return this.#receipts.get(id);
	}

	/** Resolves when there may be more behind the cursors. */
	async changed(after: Cursors, ctx: Context): Promise<void> {
		for (const [lane, cursor] of after) if (this.behind(lane, cursor).events > 0) return;
		await this.#waiters.wait(ctx);
	}

	#add({ id, key, lane, text }: MemoryText): Receipt {
		const known = this.#receipts.get(id);
		if (known !== undefined) return { ...known, duplicate: true };
		const cursor = cursorAt(++this.#position, id);
		const bytes = new TextEncoder().encode(text).length;
		const entry: Entry = { id, key, lane, text, bytes, cursor, at: Date.now() };
		this.#lane(lane).entries.push(entry);
		this.#entries.push(entry);
		this.#bytes += bytes;
		const receipt: Receipt = { id, lane, cursor, duplicate: false };
		this.#receipts.set(id, receipt);
		return receipt;
	}

	/** Removes events that are too old or exceed the bound. */
	#drop(): void {
		const oldest = Date.now() - this.#bounds.retainMs;
		let count = 0;
		for (const { id, lane, cursor, bytes, at } of this.#entries) {
			if (at >= oldest && this.#bytes <= this.#bounds.retainBytes) break;
			count++;
			this.#bytes -= bytes;
			this.#receipts.delete(id);
			const { entries } = this.#lane(lane);
			entries.shift();
			this.#lane(lane).gone = cursor;
		}
		if (count > 0) this.#entries.splice(0, count);
	}

	/** The entries behind the cursors, of all these lanes in the order in which they came. */
	*#behindAll(after: Cursors): Generator<Entry> {
		const heads = Array.from(after, ([lane, cursor]) => {
			const { entries } = this.#lane(lane);
			return { entries, index: indexBehind(entries, cursor) };
		});
		for (;;) {
			let first: Entry | undefined;
			let head: { index: number } | undefined;
			for (const each of heads) {
				const entry = each.entries[each.index];
				if (entry === undefined || (first !== undefined && entry.cursor > first.cursor)) continue;
				first = entry;
				head = each;
			}
			if (first === undefined || head === undefined) return;
			head.index++;
			yield first;
		}
	}

	#find(lane: number, cursor: Cursor): Entry | undefined {
		const { entries } = this.#lane(lane);
		const entry = entries[indexBehind(entries, cursor) - 1];
		return entry?.cursor === cursor ? entry : undefined;
	}

	#lane(lane: number): Lane {
		const found = this.#lanes[lane];
		if (found === undefined) throw new RangeError(`the topic has ${this.lanes} lanes, and no lane ${lane}`);
		return found;
	}
}

/** The index of the first entry behind a cursor. */
function indexBehind(entries: readonly Entry[], cursor: Cursor): number {
	let [low, high] = [0, entries.length];
	// Most often nothing lies behind it: groups ask about all of their lanes each time that one of them grows.
	if ((entries.at(-1)?.cursor ?? "") <= cursor) return high;
	while (low < high) {
		const middle = (low + high) >> 1;
		const entry = entries[middle];
		if (entry === undefined || entry.cursor > cursor) high = middle;
		else low = middle + 1;
	}
	return low;
}
