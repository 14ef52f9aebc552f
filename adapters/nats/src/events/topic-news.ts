import type { Context, ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import { type Cursors, positionOf } from "@allium/core/event";
import { every, type Timer } from "@allium/core/transport";
import type { Msg, Subscription } from "@nats-io/transport-node";
import type { EventStream } from "./event-stream.ts";
import type { TopicEdges } from "./topic-edges.ts";
import { laneOfSubject, type TopicSubjects } from "./topic-subjects.ts";

/** How often the server is asked for news while somebody waits, in milliseconds: where it tells them, and where not. */
const backstopMs = 2_000;
const pollMs = 200;
/** The header of news in which the server says where it stored the message. */
const sequenceHeader = "Nats-Sequence";

/** A caller that waits for messages behind some places. */
interface Waiting {
	readonly after: Cursors;
	end(error?: ServiceError): void;
}

export interface TopicNewsOptions {
	readonly stream: EventStream;
	readonly subjects: TopicSubjects;
	readonly lanes: number;
	readonly edges: TopicEdges;
	/** The subject on which the server tells that it stored a message; undefined where it does not. */
	readonly subject: string | undefined;
}

/**
 * Tells when there is more in the lanes of a topic. The server tells of each message that it stored, on a subject of
 * its own and without the data, so that waiting costs it nothing. In addition, it is asked from time to time, and soon
 * if its reports cannot be heard.
 */
export class TopicNews {
	readonly #stream: EventStream;
	readonly #subjects: TopicSubjects;
	readonly #lanes: number;
	readonly #edges: TopicEdges;
	readonly #subject: string | undefined;
	/** The last place of each lane, as far as it is known. */
	readonly #heads = new Map<number, number>();
	readonly #waiting = new Set<Waiting>();
	#subscription: Subscription | undefined;
	#polling: Timer | undefined;
	#looking: Promise<void> | undefined;
	#lookedAt = Number.NEGATIVE_INFINITY;
	/** The count of losses of the connection when the lanes were last looked at; undefined before. */
	#losses: number | undefined;
	/** Whether the server does not let this user hear the news. */
	#isRefused = false;
	#isClosed = false;

	constructor({ stream, subjects, lanes, edges, subject }: TopicNewsOptions) {
		this.#stream = stream;
		this.#subjects = subjects;
		this.#lanes = lanes;
		this.#edges = edges;
		this.#subject = subject;
	}

	/** Resolves when there is more behind the cursors. */
	async changed(after: Cursors, ctx: Context): Promise<void> {
		const { connection } = this.#stream;
		if (this.#losses !== connection.lossCount) await connection.run(() => this.#look(), { ctx });
		if (this.#isBehind(after) && (await this.#hasMore(after, ctx))) return;
		await this.#wait(after, ctx);
	}

	close(): void {
		this.#isClosed = true;
		this.#subscription?.unsubscribe();
		for (const { end } of [...this.#waiting]) end(refusal("the log is closed"));
	}

	#wait(after: Cursors, ctx: Context): Promise<void> {
		if (this.#isClosed) return Promise.reject(refusal("the log is closed"));
		return new Promise((resolve, reject) => {
			const waiting: Waiting = {
				after,
				end: (error) => {
					this.#waiting.delete(waiting);
					unlisten?.();
					if (this.#waiting.size === 0) this.#stopPolling();
					if (error === undefined) resolve();
					else reject(error);
				},
			};
			this.#waiting.add(waiting);
			this.#polling ??= every(pollMs, () => this.#poll());
			let unlisten: (() => void) | undefined;
			unlisten = ctx["~cancellation"].listen(waiting.end);
			// It may have changed since it was looked at.
			if (this.#isBehind(after)) waiting.end();
		});
	}

	#stopPolling(): void {
		this.#polling?.stop();
		this.#polling = undefined;
	}

	/** Asks whether there is more, where that is not sure to be told. */
	#poll(): void {
		const { connection } = this.#stream;
		const isHeard = this.#subject !== undefined && !this.#isRefused;
		const isTold = isHeard && this.#losses === connection.lossCount;
		if (!connection.isUp || (isTold && performance.now() - this.#lookedAt < backstopMs)) return;
		// The waiters are told when it succeeds.
		this.#look().catch(() => {});
	}

	/** Finds the last place of each lane, and listens to reports. */
	#look(): Promise<void> {
		this.#looking ??= this.#lookNow().finally(() => {
			this.#looking = undefined;
		});
		return this.#looking;
	}

	async #lookNow(): Promise<void> {
		const { connection } = this.#stream;
		const losses = connection.lossCount;
		await this.#subscribe();
		this.#lookedAt = performance.now();
		const { last } = await this.#edges.now();
		if (losses !== this.#losses || last > Math.max(0, ...this.#heads.values())) {
			const lanes = Array.from({ length: this.#lanes }, (_, lane) => lane);
			await Promise.all(lanes.map((lane) => this.#lookAt(lane)));
		}
		this.#losses = losses;
		this.#wake();
	}

	async #lookAt(lane: number): Promise<void> {
		const message = await this.#stream.last(this.#subjects.lane(lane, this.#lanes));
		this.#reach(lane, message?.sequence ?? 0);
	}

	async #subscribe(): Promise<void> {
		if (this.#subject === undefined || this.#subscription !== undefined) return;
		const { connection } = this.#stream;
		this.#subscription = connection.client.subscribe(this.#subject, {
			callback: (error, message) => {
				if (error === null) this.#hear(message);
				else this.#isRefused = true;
			},
		});
		await connection.run((client) => client.flush());
	}

	#hear({ subject, headers }: Msg): void {
		const lane = laneOfSubject(subject);
		const sequence = Number(headers?.get(sequenceHeader));
		if (!Number.isSafeInteger(sequence)) return;
		this.#reach(lane, sequence);
		for (const waiting of [...this.#waiting]) {
			const cursor = waiting.after.get(lane);
			if (cursor !== undefined && positionOf(cursor) < sequence) waiting.end();
		}
	}

	#reach(lane: number, sequence: number): void {
		this.#heads.set(lane, Math.max(sequence, this.#heads.get(lane) ?? 0));
	}

	#wake(): void {
		for (const waiting of [...this.#waiting]) if (this.#isBehind(waiting.after)) waiting.end();
	}

	#isBehind(after: Cursors): boolean {
		for (const [lane, cursor] of after) if (positionOf(cursor) < (this.#heads.get(lane) ?? 0)) return true;
		return false;
	}

	/** Whether more messages follow. The server may have dropped the ones that it reported. */
	async #hasMore(after: Cursors, ctx: Context): Promise<boolean> {
		const behind = [...after].filter(([lane, cursor]) => positionOf(cursor) < (this.#heads.get(lane) ?? 0));
		const found = await Promise.all(
			behind.map(async ([lane, cursor]) => {
				const head = this.#heads.get(lane);
				const next = await this.#stream.next(positionOf(cursor), this.#subjects.lane(lane, this.#lanes), ctx);
				if (next === undefined && this.#heads.get(lane) === head) this.#heads.set(lane, positionOf(cursor));
				return next !== undefined;
			}),
		);
		return found.includes(true);
	}
}
