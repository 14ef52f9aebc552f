import type { Context } from "@allium/core";
import type { BackendHandle } from "./backend-handle.ts";
import { FirstUse } from "./first-use.ts";
import { openTopic, type TopicRow } from "./topic-row.ts";

const keepSql = `
UPDATE topics SET retain_ms = NULL, retain_bytes = NULL
WHERE id = $1 AND (retain_ms IS NOT NULL OR retain_bytes IS NOT NULL)`;

/** The topics of streams, which are made when they are missing. They keep their events without bound. */
export class KeptTopics {
	readonly #handle: BackendHandle;
	readonly #rows = new Map<string, TopicRow>();
	readonly #opening = new Map<string, FirstUse>();

	constructor(handle: BackendHandle) {
		this.#handle = handle;
	}

	/**
	 * The topics of these names, by name. Their events stay from now on. Calls that wait for one topic go on in their
	 * order, so that appends to a new topic do not overtake one another.
	 */
	async keep(names: ReadonlySet<string>, ctx: Context): Promise<ReadonlyMap<string, TopicRow>> {
		for (const name of names) {
			if (!this.#rows.has(name)) await this.#firstUse(name).ready(ctx);
		}
		return this.#rows;
	}

	/** A topic to publish to, outside of streams. */
	open(name: string, ctx: Context): Promise<TopicRow> {
		return openTopic(this.#handle, name, {}, ctx);
	}

	#firstUse(name: string): FirstUse {
		const known = this.#opening.get(name);
		if (known !== undefined) return known;
		const opening = new FirstUse(async (ctx) => {
			const row = await openTopic(this.#handle, name, { retainMs: Number.POSITIVE_INFINITY }, ctx);
			await this.#handle.query(keepSql, [row.id], ctx);
			this.#rows.set(name, row);
			this.#opening.delete(name);
		});
		this.#opening.set(name, opening);
		return opening;
	}
}
