import { Context, ServiceError } from "@allium/core";
import type {
	Cursors,
	GroupId,
	GroupState,
	GroupStore,
	LaneChange,
	LaneLease,
	Log,
	TopicLog,
} from "@allium/core/event";
import { MemoryGroups, MemoryTopics, memoryGroupState } from "@allium/core/log-broker";
import { MemoryViews, memoryEventStore, memoryViewStore } from "@allium/core/memory-store";
import type { EventStore, ViewStore } from "@allium/core/store";
import type { Checkpoints } from "./checkpoints.ts";
import type { Latency } from "./latency.ts";
import type { Simulator } from "./simulator.ts";

/** How the broker or the store of a simulation misbehaves. The network's faults come on top. */
export interface BackendFaults {
	/** How long each write to its disk takes. A write that is unfinished when it crashes is lost. Default: no time. */
	readonly disk?: Latency;
	/** Whether the disk is full: all writes are refused. Default: false. */
	readonly diskFull?: boolean;
	/** How often the answer to a write is lost, though it was carried out. Default: 0. */
	readonly lostReplies?: number;
	/** How often a publication, or an append to a stream, arrives twice, and how much later the second time. Default: never. */
	readonly doubledPublishes?: { readonly probability: number; readonly delay: Latency };
	/**
	 * How often a save of a lane's checkpoint or of a change of a view waits before it is carried out, and how long.
	 * Default: never.
	 */
	readonly stalledSaves?: { readonly probability: number; readonly duration: Latency };
}

/** How long a backend lets a client wait for news before it answers anyway, in milliseconds. */
const longestWaitMs = 1_000;

/** Waits for news at a backend, for a bounded time, because the client may have gone. */
export async function untilTold(wait: (ctx: Context) => Promise<void>): Promise<void> {
	const waiting = Context.background().withTimeout(longestWaitMs);
	try {
		await wait(waiting);
	} catch (error) {
		if (waiting.error === undefined) throw error;
	}
}

/** The kind of a request to a backend: the faults differ by it. */
export type RequestKind = "read" | "write" | "publish" | "save";

/** The parts of a broker's backend. */
export interface BrokerParts {
	readonly log: Log;
	readonly state: GroupState;
}

/** The parts of a backend. Its log contains the events of the streams. */
export interface BackendParts extends BrokerParts {
	readonly events: EventStore;
	readonly views: ViewStore;
}

/** The contents of a backend's disk. They survive crashes. */
export class BackendDisk {
	readonly #topics = new MemoryTopics();
	readonly #groups = new MemoryGroups();
	readonly #views = new MemoryViews();

	/** All parts, as they are at the moment. */
	parts(): BackendParts {
		const events = memoryEventStore({ topics: this.#topics });
		const state = memoryGroupState({ groups: this.#groups });
		return { log: events.log, state, events, views: memoryViewStore({ views: this.#views }) };
	}
}

/** Replaces parts of a backend, so that tests can break it. */
export type ChangeParts = (parts: BackendParts) => Partial<BackendParts>;

/** The options of a server. */
export interface BackendServerOptions {
	readonly simulator: Simulator;
	readonly disk: BackendDisk;
	readonly checkpoints: Checkpoints;
	readonly faults: () => BackendFaults;
	readonly parts?: ChangeParts | undefined;
}

/** One life of a backend, on the backend's side. */
export class BackendServer {
	readonly log: Log;
	readonly state: GroupState;
	readonly events: EventStore;
	readonly views: ViewStore;
	readonly #options: BackendServerOptions;
	/** Each client's handles on groups. They are separate because a handle remembers what it has told. */
	readonly #stores = new WeakMap<object, GroupStore>();

	constructor(options: BackendServerOptions) {
		const whole = options.disk.parts();
		const { log, state, events, views } = { ...whole, ...options.parts?.(whole) };
		this.log = log;
		this.state = state;
		this.events = events;
		this.views = views;
		this.#options = options;
	}

	/** A topic that was opened before. */
	async topic(name: string, ctx: Context): Promise<TopicLog> {
		const topic = await this.log.find(name, ctx);
		if (topic !== undefined) return topic;
		throw new ServiceError({ code: "not_found", message: `there is no topic ${name}` });
	}

	/** The handle of a client on a group. */
	store(client: object, id: GroupId): GroupStore {
		const store = this.#stores.get(client) ?? this.state.group(id);
		this.#stores.set(client, store);
		return store;
	}

	/** Saves a change. No cursor may go back, and no epoch. */
	async save(client: object, id: GroupId, lease: LaneLease, change: LaneChange, ctx: Context): Promise<void> {
		await this.store(client, id).save(lease, change, ctx);
		this.#options.checkpoints.saved(id, lease, change);
	}

	/** Moves a group to other places. */
	async rewind(client: object, id: GroupId, cursors: Cursors, ctx: Context): Promise<void> {
		await this.store(client, id).rewind(cursors, ctx);
		this.#options.checkpoints.forget(id);
	}

	/** Carries out a request, as far as the faults permit. */
	async carryOut<Answer>(kind: RequestKind, run: () => Promise<Answer>): Promise<Answer> {
		if (kind === "read") return run();
		const { simulator, faults } = this.#options;
		const { disk, diskFull, stalledSaves, doubledPublishes } = faults();
		let waitMs = disk?.(Math.random) ?? 0;
		if (kind === "save" && stalledSaves !== undefined && Math.random() < stalledSaves.probability) {
			simulator.note("a checkpoint stalls");
			waitMs += stalledSaves.duration(Math.random);
		}
		if (waitMs > 0) await simulator.wait(waitMs);
		if (diskFull) throw new ServiceError({ code: "unavailable", message: "the disk is full" });
		if (
			kind === "publish" &&
			doubledPublishes !== undefined &&
			Math.random() < doubledPublishes.probability
		) {
			simulator.note("a publication is doubled");
			simulator.schedule(doubledPublishes.delay(Math.random), () => void run().catch(() => {}));
		}
		return run();
	}

	/** Whether the answer to such a request is lost on its way. */
	losesReply(kind: RequestKind): boolean {
		const { simulator, faults } = this.#options;
		const isLost = kind !== "read" && Math.random() < (faults().lostReplies ?? 0);
		if (isLost) simulator.note("an answer is lost");
		return isLost;
	}
}
