import type { Context, Instance } from "@allium/core";
import { type InstanceRecord, parseInstanceRecord } from "@allium/core/registry";
import { after } from "@allium/core/transport";
import {
	DiscardPolicy,
	type JetStreamClient,
	type JetStreamManager,
	jetstream,
	jetstreamManager,
	RetentionPolicy,
	StorageType,
	type StreamInfo,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { type NatsConnection as Client, type MsgHdrs, nanos } from "@nats-io/transport-node";
import { isJetStreamMissing, isStreamMissing } from "./failure.ts";
import { type Heartbeat, heartbeatText, longestTtlMs, parseHeartbeat } from "./heartbeat.ts";
import { type LastMessages, lastMessages, longestReadingMs } from "./last-messages.ts";
import type { NatsConnection, OperationOptions } from "./nats-connection.ts";
import { recordKeys } from "./registry-keys.ts";
import { makeStream, streamInfo } from "./stream-making.ts";

/**
 * Records that are not written again are removed after this time, in milliseconds, including records of instances that
 * died.
 */
export const recordAgeMs = 3_600_000;
/** The largest record, in bytes. */
const mostRecordBytes = 1024 * 1024;
/** The largest heartbeat, in bytes, with its subject. */
const mostHeartbeatBytes = 1024;
/** How long a message may have no answer before it is in doubt whether its stream is there, in milliseconds. */
const doubtMs = 500;
const decoder = new TextDecoder();

/** How the server keeps records. It counts when they are first written; later, the operator changes it. */
export interface StorageOptions {
	/** The name of the bucket, and the first part of the subjects of heartbeats. */
	readonly bucket: string;
	/** How many servers of the cluster hold the records. */
	readonly replicas: number;
	readonly storage: "file" | "memory";
}

/** A record that the bucket holds under a key. */
export interface StoredRecord {
	readonly key: string;
	readonly record: InstanceRecord;
}

/** The server's records of some keys. */
export interface Listing {
	readonly records: readonly StoredRecord[];
	/** The keys whose instances left of their own accord. */
	readonly removed: ReadonlySet<string>;
	/** The keys whose instances are alive, with their time to live in milliseconds. */
	readonly alive: ReadonlyMap<string, number>;
}

/**
 * The registry on the server: a bucket of JetStream's key-value store with the records, and a stream in memory with the
 * last heartbeat of each key. A message that is written to either is sent at once to all subscribers of its subject.
 */
export class RegistryStorage {
	readonly connection: NatsConnection;
	readonly #options: StorageOptions;
	readonly #jetStream: JetStreamClient;
	#manager: Promise<JetStreamManager> | undefined;
	#bucket: Promise<KV> | undefined;
	#making: Promise<void> | undefined;
	#wereThere = false;
	#lookedAtLoss = 0;
	#madeCount = 0;

	constructor(connection: NatsConnection, options: StorageOptions) {
		this.connection = connection;
		this.#options = options;
		// The check would ask for the limits of the account, which many users may not see.
		this.#jetStream = jetstream(connection.client, { checkAPI: false, timeout: longestReadingMs });
	}

	/** How often something was missing on the server and was made. The records may have gone with it. */
	get madeCount(): number {
		return this.#madeCount;
	}

	/** The subject on which the record of a key is written and removed. The key may have wildcards. */
	recordSubject(key: string): string {
		return `$KV.${this.#options.bucket}.${key}`;
	}

	/** The subject of the heartbeats of a key, which may have wildcards. */
	heartbeatSubject(key: string): string {
		return `${this.#options.bucket}.beat.${key}`;
	}

	/** Writes a record under each of its keys. Makes the bucket and the stream when they are missing. */
	put(record: InstanceRecord, options: OperationOptions): Promise<void> {
		return this.#withStreams(async () => {
			const bucket = await this.#open();
			await Promise.all(recordKeys(record.instance).map((key) => bucket.put(key, record.text)));
		}, options);
	}

	/** Removes the records under keys. Watchers take it for a release. */
	remove(keys: readonly string[], options: OperationOptions): Promise<void> {
		return this.#withStreams(async () => {
			const bucket = await this.#open();
			await Promise.all(keys.map((key) => bucket.delete(key)));
		}, options);
	}

	/** The record under a key; undefined when there is none. */
	get(key: string, options: OperationOptions = {}): Promise<StoredRecord | undefined> {
		return this.connection.run(async (client) => {
			const bucket = await this.#open();
			const entry = await this.#unlessMissing(client, () => bucket.get(key));
			return entry?.operation === "PUT" ? storedRecord(key, entry.value) : undefined;
		}, options);
	}

	/** Tells that an instance is alive, on each of its keys. Resolves when the server has noted it. */
	beat(instance: Instance, heartbeat: Heartbeat, options: OperationOptions): Promise<void> {
		const text = heartbeatText(heartbeat);
		const [last = "", ...others] = recordKeys(instance).map((key) => this.heartbeatSubject(key));
		return this.#withStreams(async (client) => {
			// The server handles the messages of a connection in order, so one answer is enough.
			for (const subject of others) client.publish(subject, text);
			await this.#jetStream.publish(last, text);
		}, options);
	}

	/** Lists the server's records of the keys that a filter lets through. Empty while there is no bucket. */
	async list(filter: string, ctx?: Context): Promise<Listing> {
		const { bucket } = this.#options;
		const [records, heartbeats] = await this.connection.run(
			(client) =>
				Promise.all([
					this.#read(client, bucketStream(bucket), this.recordSubject(filter), ctx),
					this.#read(client, heartbeatStream(bucket), this.heartbeatSubject(filter), ctx),
				]),
			{ withinMs: longestReadingMs, ctx },
		);
		const prefix = this.recordSubject("").length;
		const found = records.messages.map(({ subject, data, headers }) => {
			const key = subject.slice(prefix);
			const isRemoved = isRemoval(headers);
			return { key, stored: isRemoved ? undefined : storedRecord(key, data), isRemoved };
		});
		return {
			records: found.map(({ stored }) => stored).filter((stored) => stored !== undefined),
			removed: new Set(found.filter(({ isRemoved }) => isRemoved).map(({ key }) => key)),
			alive: this.#alive(heartbeats),
		};
	}

	/** The time of the server; undefined while nothing was registered there. Reading nothing asks for no more than it. */
	async clock(ctx: Context): Promise<number | undefined> {
		const { bucket } = this.#options;
		const nothing = this.heartbeatSubject("clock");
		const { now } = await this.connection.run(
			(client) => this.#read(client, heartbeatStream(bucket), nothing, ctx),
			{ ctx },
		);
		return now === 0 ? undefined : now;
	}

	async #read(client: Client, stream: string, subject: string, ctx?: Context): Promise<LastMessages> {
		const { lossCount } = this.connection;
		const isOver = (): boolean => ctx?.error !== undefined || this.connection.lossCount !== lossCount;
		try {
			return await lastMessages(client, await this.#openManager(client), stream, subject, isOver);
		} catch (error) {
			if (isStreamMissing(error)) return { messages: [], now: 0 };
			throw error;
		}
	}

	/** Both times are of the server, so that no clock of this machine takes part. */
	#alive({ messages, now }: LastMessages): ReadonlyMap<string, number> {
		const prefix = this.heartbeatSubject("").length;
		const alive = new Map<string, number>();
		for (const { subject, data, storedAt } of messages) {
			const heartbeat = parseHeartbeat(decoder.decode(data));
			if (heartbeat === undefined || storedAt + heartbeat.ttlMs <= now) continue;
			alive.set(subject.slice(prefix), heartbeat.ttlMs);
		}
		return alive;
	}

	/** The bucket as it is used. Opening it asks nothing of the server. */
	#open(): Promise<KV> {
		this.#bucket ??= new Kvm(this.#jetStream).open(this.#options.bucket, { allow_direct: true });
		return this.#bucket;
	}

	/**
	 * Runs an operation on the streams. They are made where they are missing, also when somebody deleted them. Once they
	 * were there, the operation comes first: watchers hear a heartbeat at once, even while a cluster elects a leader.
	 */
	#withStreams(operation: (client: Client) => Promise<void>, options: OperationOptions): Promise<void> {
		return this.connection.run(async (client) => {
			if (!this.#wereThere) await this.#made(client);
			const isDone = await this.#unlessMissing(client, () => operation(client).then(() => true));
			if (isDone) return;
			await this.#made(client);
			await operation(client);
		}, options);
	}

	/**
	 * The result of an operation on the streams; undefined when one of them is missing. The server says so only where
	 * nobody else listens to the subject, as watchers do. Else there is no answer, and one has to look.
	 */
	async #unlessMissing<T>(client: Client, operation: () => Promise<T>): Promise<T | undefined> {
		const missing = (): undefined => {
			this.#making = undefined;
		};
		const trying = operation().catch((error: unknown) => {
			if (isJetStreamMissing(error)) return missing();
			throw error;
		});
		// It may be left behind.
		trying.catch(() => {});
		const { promise: doubt, resolve } = Promise.withResolvers<void>();
		const timer = after(this.#doubtMs(), resolve);
		const looking = doubt.then(async () => {
			if (await this.#lacksStreams(client)) return missing();
			// They may have been missing a moment ago. Doing it twice is the same as once.
			return Promise.race([trying, operation()]);
		});
		looking.catch(() => {});
		try {
			return await Promise.race([trying, looking]);
		} finally {
			timer.stop();
		}
	}

	/** A server that was away may have lost its streams, so they are in doubt at once. */
	#doubtMs(): number {
		const { lossCount } = this.connection;
		if (lossCount === this.#lookedAtLoss) return doubtMs;
		this.#lookedAtLoss = lossCount;
		return 0;
	}

	/** Looks for the streams, and makes missing ones. */
	#made(client: Client): Promise<void> {
		this.#making ??= this.#make(client).catch((error: unknown) => {
			this.#making = undefined;
			throw error;
		});
		return this.#making;
	}

	async #make(client: Client): Promise<void> {
		const manager = await this.#openManager(client);
		// Both at once, because a cluster that elects a leader makes each of them wait.
		const found = await Promise.all([this.#makeRecords(manager), this.#makeHeartbeats(manager)]);
		if (found.includes(undefined)) this.#madeCount++;
		this.#wereThere = true;
	}

	#makeRecords(manager: JetStreamManager): Promise<StreamInfo | undefined> {
		const { bucket, replicas, storage } = this.#options;
		return makeStream(this.connection, manager, bucketStream(bucket), () =>
			new Kvm(this.#jetStream).create(bucket, {
				history: 1,
				ttl: recordAgeMs,
				maxValueSize: mostRecordBytes,
				replicas,
				storage: storage === "file" ? StorageType.File : StorageType.Memory,
				description: "Allium: the instances that are up",
			}),
		);
	}

	#makeHeartbeats(manager: JetStreamManager): Promise<StreamInfo | undefined> {
		const { bucket, replicas } = this.#options;
		return makeStream(this.connection, manager, heartbeatStream(bucket), () =>
			manager.streams.add({
				name: heartbeatStream(bucket),
				subjects: [this.heartbeatSubject(">")],
				retention: RetentionPolicy.Limits,
				storage: StorageType.Memory,
				discard: DiscardPolicy.Old,
				max_msgs_per_subject: 1,
				max_age: nanos(longestTtlMs),
				max_msg_size: mostHeartbeatBytes,
				num_replicas: replicas,
				description: "Allium: the last heartbeat of each instance",
			}),
		);
	}

	/** Whether the server lacks one of the streams. */
	async #lacksStreams(client: Client): Promise<boolean> {
		const manager = await this.#openManager(client);
		const { bucket } = this.#options;
		const names = [bucketStream(bucket), heartbeatStream(bucket)];
		const found = await Promise.all(names.map((name) => streamInfo(manager, name)));
		return found.includes(undefined);
	}

	#openManager(client: Client): Promise<JetStreamManager> {
		// The callers bound the time of the manager's requests.
		this.#manager ??= jetstreamManager(client, { checkAPI: false, timeout: longestReadingMs });
		return this.#manager;
	}
}

function bucketStream(bucket: string): string {
	return `KV_${bucket}`;
}

function heartbeatStream(bucket: string): string {
	return `${bucket}_beats`;
}

/** Whether a message of the bucket is the mark of a key that was deleted or purged. */
export function isRemoval(headers: MsgHdrs | undefined): boolean {
	const operation = headers?.get("KV-Operation");
	return operation === "DEL" || operation === "PURGE";
}

/**
 * Reads a record. A record that does not belong under its key is ignored, because its writer may have the right to
 * write only there.
 */
export function storedRecord(key: string, data: Uint8Array): StoredRecord | undefined {
	const record = parseInstanceRecord(decoder.decode(data));
	if (record === undefined || !recordKeys(record.instance).includes(key)) return undefined;
	return { key, record };
}
