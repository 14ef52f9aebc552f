import type { Context, Instance } from "@allium/core";
import { type InstanceRecord, type Lease, LeaseQueue } from "@allium/core/registry";
import type { InstanceNodes } from "./instance-nodes.ts";
import { pathsOf } from "./node-paths.ts";

/** The parts that the leases of one registry share. */
export interface ZooKeeperLeaseOptions {
	readonly nodes: InstanceNodes;
	readonly base: string;
	readonly ttlMs: number;
	/** Called when others can see a change. */
	readonly changed: () => Promise<void>;
	/** Called with each renewal, and with `false` when none is awaited any more. */
	readonly awaited: (lease: ZooKeeperLease, isAwaited: boolean) => void;
}

/**
 * The registration of one instance: an ephemeral node for each of its contracts. They end with the session of the
 * process, and when nobody renews the lease although the process lives.
 */
export class ZooKeeperLease implements Lease {
	readonly ttlMs: number;
	/** Never aborts, because an update writes again what ZooKeeper does not have. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #options: ZooKeeperLeaseOptions;
	readonly #queue: LeaseQueue;
	#record: InstanceRecord;
	/** The nodes that ZooKeeper may have. */
	#paths: readonly string[] = [];
	/** The session that has all the nodes as they are to be; undefined where that is not known. */
	#session: bigint | undefined;

	constructor(record: InstanceRecord, options: ZooKeeperLeaseOptions) {
		this.ttlMs = options.ttlMs;
		this.#options = options;
		this.#record = record;
		this.#queue = new LeaseQueue(record.key);
	}

	async begin(ctx: Context): Promise<void> {
		try {
			await this.#queue.update(this.#record.instance, (record) => this.#put(record, ctx));
		} catch (error) {
			// Nobody holds this lease, so nobody would release it.
			this.#options.nodes.remove(this.#paths).catch(() => {});
			throw error;
		}
	}

	update(instance: Instance): Promise<void> {
		return this.#queue.update(instance, async (record) => {
			if (record.text !== this.#record.text || !(await this.#isThere())) await this.#put(record);
			this.#options.awaited(this, true);
		});
	}

	release(): Promise<void> {
		return this.#queue.release(async () => {
			const { nodes, awaited, changed } = this.#options;
			awaited(this, false);
			await nodes.remove(this.#paths);
			await changed();
		});
	}

	/** Removes the nodes, because nobody has renewed the lease. An update writes them again. */
	expire(): void {
		this.#session = undefined;
		this.#options.nodes.remove(this.#paths).catch(() => {});
	}

	async #isThere(): Promise<boolean> {
		return this.#session !== undefined && this.#options.nodes.has(this.#paths, this.#session);
	}

	async #put(record: InstanceRecord, ctx?: Context): Promise<void> {
		const { nodes, base, awaited, changed } = this.#options;
		const paths = pathsOf(base, record.instance);
		const dropped = this.#paths.filter((path) => !paths.includes(path));
		this.#session = undefined;
		this.#paths = [...paths, ...dropped];
		const [session] = await Promise.all(paths.map((path) => nodes.write(path, record.text, ctx)));
		if (dropped.length > 0) await nodes.remove(dropped);
		this.#paths = paths;
		this.#record = record;
		this.#session = session;
		awaited(this, true);
		await changed();
	}
}
