import type { Context } from "@allium/core";
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { isOtherLast, isStreamMissing } from "../failure.ts";
import type { NatsConnection } from "../nats-connection.ts";
import { EventStream, type PublishOptions, type StoredMessage } from "./event-stream.ts";
import { countAfter, StreamReading } from "./stream-reading.ts";
import { newsOf } from "./topic-subjects.ts";

/** How much is read at once while keys are listed. */
const pageBounds = { messages: 1_000, bytes: 4 * 1024 * 1024 };
/**
 * How often a listing continues after entries that were written meanwhile. It is bounded, because keys that are written
 * all the time have no end.
 */
const mostRounds = 100;
const decoder = new TextDecoder();

/** A value, and where it lies. */
export interface Entry {
	readonly key: string;
	readonly text: string;
	/** Greater than that of everything written before. */
	readonly revision: number;
}

/** How the server keeps the state of groups. It counts when the bucket is made. */
export interface GroupStorageOptions {
	/** The prefix of all names on the server. */
	readonly bucket: string;
	readonly replicas: number;
	readonly storage: "file" | "memory";
}

/**
 * The bucket with the state of groups: `<bucket>_groups`. The tools of NATS for buckets read it; in contrast to their
 * buckets, a removed entry leaves nothing behind.
 */
export class GroupStorage {
	readonly connection: NatsConnection;
	readonly #options: GroupStorageOptions;
	readonly #stream: EventStream;
	readonly #root: string;

	constructor(connection: NatsConnection, options: GroupStorageOptions) {
		this.connection = connection;
		this.#options = options;
		this.#stream = new EventStream(connection, `KV_${options.bucket}_groups`);
		this.#root = `$KV.${options.bucket}_groups.`;
	}

	/** The subject on which the server reports entries that it stored under keys, which may have wildcards. */
	newsSubject(keys: string): string {
		return newsOf(this.#options.bucket, this.#root + keys);
	}

	/** The key of a subject, of news or not. */
	keyOf(subject: string): string {
		return subject.slice(subject.indexOf(this.#root) + this.#root.length);
	}

	/** Makes the bucket if it is missing. */
	async make(ctx: Context): Promise<void> {
		await this.#stream.make(this.#config(), ctx);
	}

	/** Whether the server reports stored entries. It does so if Allium made the bucket. */
	async tells(): Promise<boolean> {
		return (await this.#stream.info())?.config.republish !== undefined;
	}

	/** Undefined when nothing is stored under the key. */
	async read(key: string, ctx?: Context): Promise<Entry | undefined> {
		const message = await unlessMissing(this.#stream.last(this.#root + key, ctx));
		return message === undefined ? undefined : this.#entry(message);
	}

	/**
	 * Writes a value. Returns its revision. Rejects with `unavailable` when no server stores the key now, so that nobody
	 * takes it for written.
	 *
	 * @param ttlSeconds After this time the server removes it, where it can.
	 */
	write(key: string, text: string, ctx: Context, ttlSeconds?: number): Promise<number> {
		const expiry = headers();
		// Servers before 2.11 would ignore it.
		if (ttlSeconds !== undefined && this.connection.isAtLeast(2, 11))
			expiry.set("Nats-TTL", `${ttlSeconds}s`);
		return this.connection.run(() => this.#publish(key, text, { headers: expiry }), { ctx });
	}

	/** Writes a value where the key has the revision that is expected, 0 for none. Undefined where it has another one. */
	replace(key: string, text: string, expected: number, ctx: Context): Promise<number | undefined> {
		const writing = async (): Promise<number | undefined> => {
			try {
				return await this.#publish(key, text, { expectedLast: expected });
			} catch (error) {
				if (isOtherLast(error)) return undefined;
				throw error;
			}
		};
		return this.connection.run(writing, { ctx });
	}

	/**
	 * Lists the entries under keys, the oldest first, up to a number. A key that is written again meanwhile moves to the
	 * end of the stream, and the server does not count it for a reading that has begun. So the listing goes on until
	 * nothing lies behind it. Each key is listed once, as it was written last.
	 */
	async list(
		keys: string,
		ctx?: Context,
		most: number = Number.POSITIVE_INFINITY,
	): Promise<readonly Entry[]> {
		const filter = this.#root + keys;
		const found = new Map<string, Entry>();
		let place = 0;
		for (let round = 0; round < mostRounds && found.size < most; round++) {
			// Most listings find nothing, which this tells at less cost.
			const next = await unlessMissing(this.#stream.next(place, filter, ctx));
			if (next === undefined) break;
			for (const entry of await this.#read(filter, next.sequence - 1, most - found.size, ctx)) {
				found.delete(entry.key);
				found.set(entry.key, entry);
				place = entry.revision;
			}
		}
		return [...found.values()];
	}

	/** Reads the entries behind a place. */
	async #read(filter: string, after: number, most: number, ctx: Context | undefined): Promise<Entry[]> {
		const reading = new StreamReading(this.#stream, filter, after);
		try {
			const found: Entry[] = [];
			for (let isComplete = false; !isComplete && found.length < most; ) {
				const bounds = { ...pageBounds, messages: Math.min(pageBounds.messages, most - found.length) };
				const page = await reading.next(bounds, ctx);
				found.push(...page.messages.map((message) => this.#entry(message)));
				isComplete = page.isComplete;
			}
			return found;
		} finally {
			void reading.end();
		}
	}

	/** How many keys there are. */
	async count(keys: string, ctx: Context): Promise<number> {
		return (await unlessMissing(countAfter(this.#stream, this.#root + keys, 0, ctx))) ?? 0;
	}

	/** Whether anything is stored under keys. */
	async has(keys: string, ctx?: Context): Promise<boolean> {
		return (await unlessMissing(this.#stream.next(0, this.#root + keys, ctx))) !== undefined;
	}

	/** Removes the entry under one key. */
	async remove(key: string, ctx?: Context): Promise<void> {
		const found = await this.read(key, ctx);
		if (found !== undefined) await this.#stream.remove(found.revision, ctx);
	}

	/** Removes the entry with a revision, unless its key was written again. */
	async removeRevision(revision: number, ctx?: Context): Promise<void> {
		await this.#stream.remove(revision, ctx);
	}

	/** Removes the entries under keys. */
	async removeAll(keys: string, ctx: Context): Promise<void> {
		if (this.connection.isAtLeast(2, 10)) {
			await unlessMissing(this.#stream.purge(this.#root + keys, ctx));
			return;
		}
		// On older servers, a purge would make all listings under way miss the entries that they have not read yet.
		for (;;) {
			const some = await this.list(keys, ctx, pageBounds.messages);
			if (some.length === 0) return;
			await Promise.all(some.map(({ revision }) => this.#stream.remove(revision, ctx)));
		}
	}

	async #publish(key: string, text: string, options: PublishOptions): Promise<number> {
		return (await this.#stream.publish(this.#root + key, text, options)).seq;
	}

	#entry({ subject, data, sequence }: StoredMessage): Entry {
		return { key: this.keyOf(subject), text: decoder.decode(data), revision: sequence };
	}

	#config(): Partial<StreamConfig> {
		const { bucket, replicas, storage } = this.#options;
		return {
			subjects: [`${this.#root}>`],
			description: "Allium: the state of the groups that handle events",
			retention: RetentionPolicy.Limits,
			discard: DiscardPolicy.New,
			storage: storage === "file" ? StorageType.File : StorageType.Memory,
			max_msgs_per_subject: 1,
			num_replicas: replicas,
			allow_rollup_hdrs: true,
			allow_direct: true,
			republish: { src: ">", dest: newsOf(bucket, ">") },
			...(this.connection.isAtLeast(2, 11) && { allow_msg_ttl: true }),
		};
	}
}

async function unlessMissing<T>(operation: Promise<T>): Promise<T | undefined> {
	try {
		return await operation;
	} catch (error) {
		if (isStreamMissing(error instanceof Error ? error.cause : undefined)) return undefined;
		throw error;
	}
}
