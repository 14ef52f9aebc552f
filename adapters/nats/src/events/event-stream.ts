import type { Context } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import {
	type JetStreamManager,
	jetstreamManager,
	type StoredMsg,
	type StreamConfig,
	type StreamInfo,
} from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { Acknowledgement } from "../acknowledgements.ts";
import { isJetStreamMissing, isMessageMissing } from "../failure.ts";
import type { NatsConnection } from "../nats-connection.ts";
import { makeStream, streamInfo } from "../stream-making.ts";

/**
 * The check would ask for the limits of the account, which many users may not see. The time that an answer may take is
 * that of `connection.run`, which gives it more while this thread is busy.
 */
const libraryOptions = { checkAPI: false, timeout: 30_000 };

/** The header for the place that the last message of a subject must have. */
const expectedLastHeader = "Nats-Expected-Last-Subject-Sequence";

/** A message that a stream keeps. */
export interface StoredMessage {
	readonly subject: string;
	readonly data: Uint8Array;
	/** Its place in the stream. The first message ever has 1. */
	readonly sequence: number;
	/** When the server stored it, by its clock: milliseconds since 1970. */
	readonly storedAt: number;
}

/**
 * One stream of JetStream. Its answers come from the leader of the stream, so that a writer reads its own writes.
 * Everything rejects with `unavailable` while the server does not answer.
 */
export class EventStream {
	readonly name: string;
	readonly connection: NatsConnection;
	#manager: Promise<JetStreamManager> | undefined;

	constructor(connection: NatsConnection, name: string) {
		this.connection = connection;
		this.name = name;
	}

	/** Undefined when there is no such stream. */
	info(ctx?: Context): Promise<StreamInfo | undefined> {
		return this.connection.run(async () => streamInfo(await this.manager(), this.name), { ctx });
	}

	/** Makes the stream unless it exists, with any settings. Returns its state. */
	make(config: Omit<Partial<StreamConfig>, "name">, ctx: Context): Promise<StreamInfo> {
		return this.connection.run(
			async () => {
				const manager = await this.manager();
				const add = () => manager.streams.add({ ...config, name: this.name });
				const found = await makeStream(this.connection, manager, this.name, add);
				return found ?? manager.streams.info(this.name);
			},
			{ ctx },
		);
	}

	/** The message at a place; undefined when it is kept no longer. */
	async at(sequence: number, ctx?: Context): Promise<StoredMessage | undefined> {
		return sequence === 0 ? undefined : this.#get({ seq: sequence }, ctx);
	}

	/** The first message behind a place whose subject a filter lets through. */
	next(after: number, filter: string, ctx?: Context): Promise<StoredMessage | undefined> {
		return this.#get({ seq: after + 1, next_by_subj: filter }, ctx);
	}

	/** The last message whose subject a filter lets through. */
	last(filter: string, ctx?: Context): Promise<StoredMessage | undefined> {
		return this.#get({ last_by_subj: filter }, ctx);
	}

	/** Removes the message at a place, and leaves nothing in its stead. */
	async remove(sequence: number, ctx?: Context): Promise<void> {
		await this.connection.run(
			async () => {
				try {
					await (await this.manager()).streams.deleteMessage(this.name, sequence, false);
				} catch (error) {
					// It was gone already.
					if (!isMessageMissing(error)) throw error;
				}
			},
			{ ctx },
		);
	}

	/** Removes all messages whose subjects a filter lets through. */
	async purge(filter: string, ctx?: Context): Promise<void> {
		await this.connection.run(async () => (await this.manager()).streams.purge(this.name, { filter }), {
			ctx,
		});
	}

	/**
	 * Publishes a message. To be called within `connection.run`, which bounds it. Rejects with `unavailable`, caused by
	 * what `isJetStreamMissing` knows, when no server stores it now: a cluster has no leader for the stream for a while
	 * after it lost a server.
	 */
	async publish(subject: string, data: string, options: PublishOptions = {}): Promise<Acknowledgement> {
		const { headers: made = headers(), expectedLast } = options;
		if (expectedLast !== undefined) made.set(expectedLastHeader, String(expectedLast));
		try {
			return await this.connection.acknowledgements.publish(subject, data, made);
		} catch (error) {
			if (!isJetStreamMissing(error)) throw error;
			throw unavailable(
				`no NATS server at ${this.connection.place} stores messages of the stream ${this.name}: it has no leader for the moment, or was removed`,
				error,
			);
		}
	}

	/** The library's access to the API. `connection.run` bounds the time of its requests. */
	manager(): Promise<JetStreamManager> {
		this.#manager ??= jetstreamManager(this.connection.client, libraryOptions);
		return this.#manager;
	}

	#get(query: MessageQuery, ctx: Context | undefined): Promise<StoredMessage | undefined> {
		return this.connection.run(
			async () => {
				const found = await (await this.manager()).streams.getMessage(this.name, query);
				return found === null ? undefined : storedMessage(found);
			},
			{ ctx },
		);
	}
}

/** How a message is published. */
export interface PublishOptions {
	readonly headers?: MsgHdrs;
	/** The place that the last message of the subject must have; 0 when there must be none. */
	readonly expectedLast?: number;
}

/** Which message is asked for: the library passes on what it does not declare. */
type MessageQuery =
	| { readonly seq: number; readonly next_by_subj?: string }
	| { readonly last_by_subj: string };

function storedMessage({ subject, data, seq, timestamp }: StoredMsg): StoredMessage {
	return { subject, data, sequence: seq, storedAt: Date.parse(timestamp) };
}
