import type { Context } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import type { EventStream } from "./event-stream.ts";

/** The first and the last place that a topic keeps. */
export interface Edges {
	/** The place of the first message that is kept; one behind the last place when there is none. */
	readonly first: number;
	/** The place of the last message ever. */
	readonly last: number;
}

/** Asks for the edges of a topic, and remembers the answer for a while. */
export class TopicEdges {
	readonly #stream: EventStream;
	#latest: Edges = { first: 1, last: 0 };
	#askedAt = Number.NEGATIVE_INFINITY;

	constructor(stream: EventStream) {
		this.#stream = stream;
	}

	/** The edges as they were at most so long ago, in milliseconds. */
	async within(milliseconds: number, ctx?: Context): Promise<Edges> {
		return performance.now() - this.#askedAt <= milliseconds ? this.#latest : this.now(ctx);
	}

	async now(ctx?: Context): Promise<Edges> {
		const askedAt = performance.now();
		const info = await this.#stream.info(ctx);
		if (info === undefined) {
			throw refusal(`the stream ${this.#stream.name} is gone, and its events with it; open the topic again`);
		}
		const { first_seq, last_seq, messages } = info.state;
		this.#latest = { first: messages === 0 ? last_seq + 1 : first_seq, last: last_seq };
		this.#askedAt = askedAt;
		return this.#latest;
	}
}
