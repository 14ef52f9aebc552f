import type { ServerReport, ServerWarning } from "@allium/core/event";
import { type JetStreamAccountStats, StorageType, type StreamInfo } from "@nats-io/jetstream";

/** From so many replicas on, an event survives the loss of a server. */
export const safeReplicas = 3;
/** From which part of its bound on storage is nearly used up. */
const fullPart = 0.9;

/** The facts of a server and its topics. */
export interface NatsFacts {
	readonly version: string | undefined;
	readonly streams: readonly (StreamInfo & { readonly topic: string })[];
	/** Undefined where the user may not see it. */
	readonly account: JetStreamAccountStats | undefined;
	/** Whether the server writes to disk before it answers, as the URL states. */
	readonly syncs: "disk" | "later";
}

/** Looks for settings that may lose the events of topics, and for storage that fills up. */
export function serverReport({ version, streams, account, syncs }: NatsFacts): ServerReport {
	const inMemory = streams.filter(({ config }) => config.storage === StorageType.Memory);
	const alone = streams.filter(
		({ config }) => config.storage === StorageType.File && config.num_replicas < safeReplicas,
	);
	const warnings: ServerWarning[] = [];
	if (inMemory.length > 0) {
		warnings.push({
			says: `${topics(inMemory)} in memory alone: a restart of the server loses all events`,
			remedy: "remove the stream, and let it be made again with storage=file in the URL",
		});
	}
	if (alone.length > 0 && syncs === "later") {
		warnings.push({
			says: `${topics(alone)} on fewer than three servers, which write to their disks every two minutes: a power cut loses acknowledged events`,
			remedy:
				"raise the replicas of the streams to 3, or set sync_interval: always on the server (2.10 or newer) and syncs=disk in the URL",
		});
	}
	return { version: version && `NATS ${version}`, warnings: [...warnings, ...fullness(account)] };
}

function topics(streams: NatsFacts["streams"]): string {
	const names = streams.map(({ topic }) => topic).join(", ");
	return streams.length === 1 ? `the topic ${names} is` : `the topics ${names} are`;
}

function fullness(account: JetStreamAccountStats | undefined): ServerWarning[] {
	const { storage = 0, limits } = account ?? {};
	const most = limits?.max_storage ?? -1;
	if (most <= 0 || storage < most * fullPart) return [];
	return [
		{
			says: `${Math.floor((100 * storage) / most)} % of the storage of the account is used; without room, nothing more is published`,
			remedy: "raise max_file of the account, or let topics keep their events for a shorter time",
		},
	];
}
