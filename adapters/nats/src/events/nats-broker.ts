import type { ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import type { Broker } from "@allium/core/event";
import { type LogBrokerOptions, logBroker } from "@allium/core/log-broker";
import { type NatsConnection, natsConnection } from "../nats-connection.ts";
import { type NatsOptions, parseNatsUrl } from "../nats-url.ts";
import { bucketName, oneOf, wholeNumber } from "../storage-options.ts";
import { NatsGroupState } from "./nats-group-state.ts";
import { NatsLog } from "./nats-log.ts";

/**
 * The options of a NATS broker. `bucket`, `replicas`, `storage`, `syncs`, `dedupeMs` and `ttlMs` may also be query
 * parameters of the URL; these options take precedence.
 */
export interface NatsBrokerOptions extends NatsOptions, LogBrokerOptions {
	/** The prefix of the names of everything that is made on the server. Default: `allium`. */
	readonly bucket?: string;
	/**
	 * How many servers of the cluster hold the events: 1, 3 or 5. It counts only for the process that makes a topic.
	 * Default: 1.
	 */
	readonly replicas?: number;
	/** Where events are kept: `file` or `memory`. It counts only for the process that makes a topic. Default: `file`. */
	readonly storage?: "file" | "memory";
	/**
	 * The failure that an event is safe from once it is published. `disk` states that the server is configured with
	 * `sync_interval: always`, which the server does not report. Default: `later`, the server's own default.
	 */
	readonly syncs?: "disk" | "later";
	/**
	 * How long the server remembers the id of an event, in milliseconds. Each id takes memory. It counts only for the
	 * process that makes a topic. Default: 2 minutes.
	 */
	readonly dedupeMs?: number;
	/** The namespace of the process. Default: `default`. */
	readonly namespace?: string;
	/** The process that opens the broker. Ports with the same scope and servers share a connection. */
	readonly scope?: object;
}

const parameterNames = ["bucket", "replicas", "storage", "syncs", "dedupeMs", "ttlMs"] as const;
const defaultDedupeMs = 120_000;

/**
 * Publish and subscribe on JetStream: `nats://user:password@host1:4222,host2:4222`. A topic is a stream, which is read
 * in order and without acknowledgements; the state of groups is a bucket. It needs NATS 2.9 or newer with JetStream.
 *
 * @throws ServiceError `invalid_argument` for a URL or an option that cannot be used; `unavailable` when no server
 * answers; `failed_precondition` when the server refuses the credentials or the certificate, or is too old.
 * @example
 * const events = await broker("nats://127.0.0.1:4222?replicas=3");
 */
export async function broker(url: string, options: NatsBrokerOptions = {}): Promise<Broker> {
	const { address, location, parameters } = parseNatsUrl(url, options, parameterNames);
	const { namespace = "default", scope = {} } = options;
	const { ttlMs, syncs, dedupeMs, ...storage } = readOptions(options, parameters);
	const shares = [await natsConnection(address, scope), await natsConnection(address, scope)] as const;
	const log = new NatsLog(location, shares[0], { ...storage, namespace, syncs, dedupeMs });
	const state = new NatsGroupState(location, shares[1], { ...storage, namespace });
	try {
		const { resource } = shares[0];
		if (syncs === "disk" && !resource.isAtLeast(2, 10)) throw tooOldToSync(resource);
		return logBroker(log, state, { ...options, ...(ttlMs !== undefined && { ttlMs }) });
	} catch (error) {
		await Promise.all([log.close(), state.close()]);
		throw error;
	}
}

function tooOldToSync({ place, serverVersion }: NatsConnection): ServiceError {
	return refusal(
		`the NATS server at ${place} is of version ${serverVersion}, which never writes to disk before it answers; leave syncs=disk out, or use 2.10 or newer with sync_interval: always`,
	);
}

type Parameters = Readonly<Record<string, string>>;

function readOptions(options: NatsBrokerOptions, parameters: Parameters) {
	const { replicas = parameters.replicas ?? 1, dedupeMs = parameters.dedupeMs ?? defaultDedupeMs } = options;
	const ttlMs = options.ttlMs ?? parameters.ttlMs;
	return {
		bucket: bucketName(options.bucket ?? parameters.bucket),
		storage: oneOf("storage", options.storage ?? parameters.storage, ["file", "memory"]),
		syncs: oneOf("syncs", options.syncs ?? parameters.syncs, ["later", "disk"]),
		replicas: wholeNumber("replicas", replicas, 1, 5),
		dedupeMs: wholeNumber("dedupeMs", dedupeMs, 100, 24 * 3_600_000),
		ttlMs: ttlMs === undefined ? undefined : wholeNumber("ttlMs", ttlMs, 100, 600_000),
	};
}
