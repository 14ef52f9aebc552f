import { after, type Timer } from "@allium/core/transport";
import type { Listing, RegistryStorage } from "./registry-storage.ts";

/** After a loss, processes list at a random moment within this time, in milliseconds. */
const spreadMs = 100;
/** So many services are listed one by one; of more, the whole namespace is listed once. */
const mostSingle = 4;

interface Request {
	readonly keys: string;
	resolve(listing: Listing): void;
	reject(error: unknown): void;
}

/**
 * The listings that the watches of a process ask for. After a loss of the connection all of them ask at once; a hundred
 * services then cost the server one reading, not a hundred.
 */
export class ListingQueue {
	readonly #storage: RegistryStorage;
	#requests: Request[] = [];
	#isRunning = false;
	#moment: Promise<void> | undefined;
	#timer: Timer | undefined;

	constructor(storage: RegistryStorage) {
		this.#storage = storage;
	}

	/**
	 * Resolves at the moment at which this process lists after a loss. It is random, so that not all processes list at
	 * once, and the same for all watches, so that they share what is read.
	 */
	moment(): Promise<void> {
		this.#moment ??= new Promise((resolve) => {
			this.#timer = after(Math.random() * spreadMs, () => {
				this.#moment = undefined;
				resolve();
			});
		});
		return this.#moment;
	}

	/** Lists the keys that a filter of the form `<namespace>.<service>.*` lets through. */
	list(keys: string): Promise<Listing> {
		return new Promise((resolve, reject) => {
			this.#requests.push({ keys, resolve, reject });
			if (!this.#isRunning) this.#start();
		});
	}

	/** A caller that waits for the moment then waits for ever. */
	close(): void {
		this.#timer?.stop();
	}

	#start(): void {
		this.#isRunning = true;
		// A moment later, so that requests that come together are answered together.
		after(0, () => void this.#run());
	}

	async #run(): Promise<void> {
		const requests = this.#requests;
		this.#requests = [];
		const groups = new Map<string, Request[]>();
		for (const request of requests) {
			const namespace = request.keys.slice(0, request.keys.indexOf("."));
			const group = groups.get(namespace);
			if (group === undefined) groups.set(namespace, [request]);
			else group.push(request);
		}
		for (const [namespace, group] of groups) {
			const services = [...new Set(group.map(({ keys }) => keys))];
			const filters = services.length > mostSingle ? [`${namespace}.*.*`] : services;
			await Promise.all(filters.map((filter) => this.#answer(filter, group)));
		}
		this.#isRunning = false;
		if (this.#requests.length > 0) this.#start();
	}

	/** Never rejects: who asked hears of a failure. */
	async #answer(filter: string, group: readonly Request[]): Promise<void> {
		const isWide = filter.endsWith(".*.*");
		const asking = group.filter(({ keys }) => keys === filter || isWide);
		try {
			const listing = await this.#storage.list(filter);
			for (const { keys, resolve } of asking) resolve(keys === filter ? listing : narrow(listing, keys));
		} catch (error) {
			for (const { reject } of asking) reject(error);
		}
	}
}

/** The part of a listing that is under one service. */
function narrow({ records, removed, alive }: Listing, keys: string): Listing {
	const prefix = keys.slice(0, -1);
	return {
		records: records.filter(({ key }) => key.startsWith(prefix)),
		removed: new Set([...removed].filter((key) => key.startsWith(prefix))),
		alive,
	};
}
