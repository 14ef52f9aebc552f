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
	/** How long each write takes there. What is not written when it crashes is lost. Default: no time. */
	readonly disk?: Latency;
	/** Whether the disk is full: all writes are refused. Default: false. */
	readonly diskFull?: boolean;
	/** How often the answer to a write is lost, though it was carried out. Default: 0. */
	readonly lostReplies?: number;
	/** How often a publication, or an append to a stream, arrives twice, and how much later the second time. Default: never. */
	readonly doubledPublishes?: { readonly probability: number; readonly delay: Latency };
	/**
	 * How often the checkpoint of a lane, or what is applied to a view, waits before it is carried out, and how long.
	 * Default: never.
	 */
	readonly stalledSaves?: { readonly probability: number; readonly duration: Latency };
}

/** How long a backend lets a client wait for news before it answers anyway, in milliseconds. */
const longestWaitMs = 1_000;

/** Waits for news at a backend, and not for long: the client may have gone. */
export async function untilTold(wait: (ctx: Context) => Promise<void>): Promise<void> {
	const waiting = Context.background().withTimeout(longestWaitMs);
	try {
		await wait(waiting);
	} catch (error) {
		if (waiting.error === undefined) throw error;
	}
}

/** What a backend is asked for: the faults differ. */
export type RequestKind = "read" | "write" | "publish" | "save";

/** What a broker keeps. */
export interface BrokerParts {
	readonly log: Log;
	readonly state: GroupState;
}

/** What a backend keeps. Its log has the events of the streams. */
export interface BackendParts extends BrokerParts {
	readonly events: EventStore;
	readonly views: ViewStore;
}

/** What the disk of a backend holds: it survives crashes. */
export class BackendDisk {
	readonly #topics = new MemoryTopics();
	readonly #groups = new MemoryGroups();
	readonly #views = new MemoryViews();

	/** All of it, as it is at the moment. */
	parts(): BackendParts {
		const events = memoryEventStore({ topics: this.#topics });
		const state = memoryGroupState({ groups: this.#groups });
		return { log: events.log, state, events, views: memoryViewStore({ views: this.#views }) };
	}
}

/** Changes what a backend is made of, so that tests can break it. */
export type ChangeParts = (parts: BackendParts) => Partial<BackendParts>;

/** What a server is made with. */
export interface BackendServerOptions {
	readonly simulator: Simulator;
	readonly disk: BackendDisk;
	readonly checkpoints: Checkpoints;
	readonly faults: () => BackendFaults;
	readonly parts?: ChangeParts | undefined;
}

/** One life of a backend itself. */
export class BackendServer {
	readonly log: Log;
	readonly state: GroupState;
	readonly events: EventStore;
	readonly views: ViewStore;
	readonly #options: BackendServerOptions;
	/** Each client's handles of groups: a handle remembers what it has told. */
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

	/** Puts a group at other places. */
	async rewind(client: object, id: GroupId, cursors: Cursors, ctx: Context): Promise<void> {
		await this.store(client, id).rewind(cursors, ctx);
		this.#options.checkpoints.forget(id);
	}

	/** Carries out a request as far as the faults let it. */
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
