import type { Context, ServiceError } from "@allium/core";
import type { Share } from "@allium/core/adapter";
import { refusal } from "@allium/core/adapter";
import {
	defaultLanes,
	defaultMaxEventBytes,
	defaultRetainMs,
	type Log,
	type LogFeatures,
	type ServerReport,
	type TopicLog,
	type TopicOptions,
} from "@allium/core/event";
import {
	DiscardPolicy,
	RetentionPolicy,
	StorageType,
	type StreamConfig,
	type StreamInfo,
} from "@nats-io/jetstream";
import { millis, nanos } from "@nats-io/transport-node";
import type { NatsConnection } from "../nats-connection.ts";
import { keyPart } from "../registry-keys.ts";
import { headerBytes } from "./event-message.ts";
import { EventStream } from "./event-stream.ts";
import { NatsTopic, type NatsTopicOptions } from "./nats-topic.ts";
import { safeReplicas, serverReport } from "./server-report.ts";
import { newsOf, streamsOf, TopicSubjects } from "./topic-subjects.ts";

/** How the server keeps events. It counts when a topic is made; later, the operator changes it. */
export interface LogStorage {
	/** The prefix of all names on the server. */
	readonly bucket: string;
	readonly namespace: string;
	/** How many servers of the cluster hold the events. */
	readonly replicas: number;
	readonly storage: "file" | "memory";
	/** For how long an id is remembered, in milliseconds. */
	readonly dedupeMs: number;
	/** Whether the operator has the server write to disk before it answers. */
	readonly syncs: "disk" | "later";
}

const description = "Allium: the events of ";

/** Topics as streams of JetStream: `<bucket>+<namespace>+<topic>`. */
export class NatsLog implements Log {
	readonly location: string;
	readonly #share: Share<NatsConnection>;
	readonly #storage: LogStorage;
	readonly #topics = new Map<string, NatsTopic>();
	#isClosed = false;

	constructor(location: string, share: Share<NatsConnection>, storage: LogStorage) {
		this.location = location;
		this.#share = share;
		this.#storage = storage;
	}

	async open(topic: string, options: TopicOptions, ctx: Context): Promise<TopicLog> {
		this.#check(ctx);
		const place = this.#place(topic);
		const make = (ctx: Context): Promise<StreamInfo> =>
			place.stream.make(this.#config(topic, place.subjects, options), ctx);
		return this.#topic(topic, place, await make(ctx), make);
	}

	async find(topic: string, ctx: Context): Promise<TopicLog | undefined> {
		this.#check(ctx);
		const place = this.#place(topic);
		const info = await place.stream.info(ctx);
		return info && this.#topic(topic, place, info, () => Promise.reject(removed(topic)));
	}

	async topics(ctx: Context): Promise<readonly string[]> {
		this.#check(ctx);
		const { bucket, namespace } = this.#storage;
		const prefix = streamsOf(bucket, namespace);
		return this.#share.resource.run(
			async () => {
				const { streams } = await this.#place("").stream.manager();
				const found: string[] = [];
				for await (const { config } of streams.list(`${bucket}-events.${keyPart(namespace)}.>`)) {
					if (config.name.startsWith(prefix)) found.push(topicOf(config));
				}
				return found.sort();
			},
			{ ctx },
		);
	}

	async server(ctx: Context): Promise<ServerReport> {
		const { bucket, namespace, syncs } = this.#storage;
		const prefix = streamsOf(bucket, namespace);
		this.#check(ctx);
		return this.#share.resource.run(
			async ({ info }) => {
				const manager = await this.#place("").stream.manager();
				const streams: StreamInfo[] = [];
				for await (const stream of manager.streams.list(`${bucket}-events.${keyPart(namespace)}.>`)) {
					if (stream.config.name.startsWith(prefix)) streams.push(stream);
				}
				// Many users may not see the limits of their account.
				const account = await manager.getAccountInfo().catch(() => undefined);
				const named = streams.map((stream) => ({ ...stream, topic: topicOf(stream.config) }));
				return serverReport({ version: info?.version, streams: named, account, syncs });
			},
			{ ctx },
		);
	}

	async close(): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		await Promise.all([...this.#topics.values()].map((topic) => topic.close()));
		await this.#share.release();
	}

	#place(topic: string): TopicPlace {
		const { bucket, namespace } = this.#storage;
		const subjects = new TopicSubjects(bucket, namespace, topic);
		return { subjects, stream: new EventStream(this.#share.resource, subjects.stream) };
	}

	/**
	 * The topic that a stream holds. All users of the topic in this process share the events and reports that it has
	 * received.
	 */
	#topic(
		topic: string,
		{ stream, subjects }: TopicPlace,
		{ config }: StreamInfo,
		make: NatsTopicOptions["make"],
	): NatsTopic {
		const lanes = subjects.lanesOf(config.subjects);
		if (lanes === undefined) {
			throw refusal(
				`the stream ${config.name} does not hold the events of a topic; remove it, or give another "bucket"`,
			);
		}
		const known = this.#topics.get(topic);
		if (known?.lanes === lanes) return known;
		void known?.close();
		const news =
			config.republish === undefined ? undefined : newsOf(this.#storage.bucket, subjects.all(lanes));
		const opened = new NatsTopic({
			topic,
			stream,
			subjects,
			lanes,
			// 0 is no bound.
			retainMs: millis(config.max_age) || Number.POSITIVE_INFINITY,
			features: this.#features(config),
			news,
			make,
		});
		this.#topics.set(topic, opened);
		return opened;
	}

	#config(topic: string, subjects: TopicSubjects, options: TopicOptions): Partial<StreamConfig> {
		const { lanes = defaultLanes, retainMs = defaultRetainMs, retainBytes = -1 } = options;
		const { bucket, replicas, storage, dedupeMs } = this.#storage;
		return {
			subjects: [subjects.all(lanes)],
			description: description + topic,
			retention: RetentionPolicy.Limits,
			discard: DiscardPolicy.Old,
			storage: storage === "file" ? StorageType.File : StorageType.Memory,
			max_age: Number.isFinite(retainMs) ? nanos(retainMs) : 0,
			max_bytes: Number.isFinite(retainBytes) ? retainBytes : -1,
			duplicate_window: nanos(Math.min(dedupeMs, retainMs)),
			num_replicas: replicas,
			republish: { src: ">", dest: newsOf(bucket, ">"), headers_only: true },
			// Servers before 2.12 would ignore it.
			...(this.#share.resource.isAtLeast(2, 12) && { allow_atomic: true }),
		};
	}

	#features({ duplicate_window, num_replicas, max_msg_size, allow_atomic }: StreamConfig): LogFeatures {
		const { client } = this.#share.resource;
		const largest = client.info?.max_payload ?? defaultMaxEventBytes;
		return {
			order: "log",
			dedupeMs: millis(duplicate_window),
			atomic: allow_atomic === true && this.#share.resource.isAtLeast(2, 12),
			syncs: num_replicas >= safeReplicas ? "replicas" : this.#storage.syncs,
			maxEventBytes: Math.min(largest, max_msg_size > 0 ? max_msg_size : largest) - headerBytes,
		};
	}

	#check(ctx: Context): void {
		if (this.#isClosed) throw refusal("the log is closed");
		if (ctx.error !== undefined) throw ctx.error;
	}
}

interface TopicPlace {
	readonly stream: EventStream;
	readonly subjects: TopicSubjects;
}

/** The name of a topic. The name of the stream contains it only if it is short. */
function topicOf({ name, description: text = "" }: StreamConfig): string {
	return text.startsWith(description) ? text.slice(description.length) : name;
}

function removed(topic: string): ServiceError {
	return refusal(`the topic ${topic} was removed; open it again`);
}
