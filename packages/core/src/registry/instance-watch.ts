import type { Context } from "../context/context.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { matches, type RegistryEvent, type RegistryFilter } from "./registry.ts";

/** How many changed instances a watcher may lag behind before it gets a snapshot instead. */
const maxChanged = 1_000;

/** The source that a watch reads from. */
export interface WatchSource {
	/** Whether the source knows which instances are up. */
	ready(): boolean;
	get(key: string): InstanceRecord | undefined;
	/** The records of a service, or of all services. */
	records(service: string | undefined): Iterable<InstanceRecord>;
	/** False when the source is closed and there is nothing left to watch. */
	join(watch: InstanceWatch): boolean;
	leave(watch: InstanceWatch): void;
}

interface Waiting {
	resolve(result: IteratorResult<RegistryEvent, undefined>): void;
	reject(error: unknown): void;
}

/**
 * One watcher. Instead of a queue of events it keeps the set of instances that changed since its consumer was told,
 * and reads their state when the consumer asks. A slow consumer therefore costs no more than a set of keys, and never
 * gets stale news.
 */
export class InstanceWatch implements AsyncIterableIterator<RegistryEvent, undefined> {
	readonly #filter: RegistryFilter;
	readonly #ctx: Context;
	readonly #source: WatchSource;
	#state: "new" | "open" | "ended" = "new";
	#failure: { readonly error: unknown } | undefined;
	#unlisten: (() => void) | undefined;
	#waiting: Waiting[] = [];
	/** The state that the consumer knows. */
	#told = new Map<string, InstanceRecord>();
	/** The keys of the instances that changed since the consumer was told, and whether each was released. */
	#changed = new Map<string, boolean>();
	#snapshotDue = true;

	constructor(filter: RegistryFilter, ctx: Context, source: WatchSource) {
		this.#filter = filter;
		this.#ctx = ctx;
		this.#source = source;
	}

	/** The service that is watched; undefined for all. */
	get service(): string | undefined {
		return this.#filter.service;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	next(): Promise<IteratorResult<RegistryEvent, undefined>> {
		if (this.#state === "new") this.#begin();
		if (this.#state === "ended") return this.#finish();
		const event = this.#take();
		if (event !== undefined) return Promise.resolve({ value: event, done: false });
		return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
	}

	return(): Promise<IteratorResult<RegistryEvent, undefined>> {
		this.end();
		this.#failure = undefined;
		return this.#finish();
	}

	/** Notes that an instance may have changed, or was released. `wake` then delivers it. */
	changed(key: string, released: boolean): void {
		if (this.#snapshotDue) return;
		this.#changed.set(key, released);
		if (this.#changed.size > maxChanged) this.#snapshotDue = true;
	}

	/** Delivers what there is to a consumer that waits. */
	wake(): void {
		while (this.#waiting.length > 0) {
			const event = this.#take();
			if (event === undefined) return;
			this.#waiting.shift()?.resolve({ value: event, done: false });
		}
	}

	/** Ends the watch; with an error, the consumer's next step throws it. */
	end(failure?: { readonly error: unknown }): void {
		if (this.#state === "ended") return;
		this.#state = "ended";
		this.#failure = failure;
		this.#unlisten?.();
		this.#told = new Map();
		this.#changed = new Map();
		this.#source.leave(this);
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const { resolve, reject } of waiting) this.#finish().then(resolve, reject);
	}

	#begin(): void {
		this.#state = "open";
		if (this.#ctx.error !== undefined || !this.#source.join(this)) this.end();
		else this.#unlisten = this.#ctx["~cancellation"].listen(() => this.end());
	}

	/** An error is thrown once; after that the iteration is over. */
	#finish(): Promise<IteratorResult<RegistryEvent, undefined>> {
		const failure = this.#failure;
		this.#failure = undefined;
		return failure === undefined
			? Promise.resolve({ value: undefined, done: true })
			: Promise.reject(failure.error);
	}

	#take(): RegistryEvent | undefined {
		if (!this.#source.ready()) return undefined;
		if (this.#snapshotDue) return this.#snapshot();
		for (const [key, released] of this.#changed) {
			this.#changed.delete(key);
			const event = this.#difference(key, released);
			if (event !== undefined) return event;
		}
		return undefined;
	}

	#snapshot(): RegistryEvent {
		this.#snapshotDue = false;
		this.#changed.clear();
		this.#told.clear();
		for (const record of this.#source.records(this.service)) {
			if (matches(this.#filter, record.instance)) this.#told.set(record.key, record);
		}
		return { type: "snapshot", instances: Array.from(this.#told.values(), ({ instance }) => instance) };
	}

	#difference(key: string, released: boolean): RegistryEvent | undefined {
		const told = this.#told.get(key);
		const record = this.#source.get(key);
		if (record !== undefined && matches(this.#filter, record.instance)) {
			if (record.text === told?.text) return undefined;
			this.#told.set(key, record);
			return { type: "up", instance: record.instance };
		}
		if (told === undefined) return undefined;
		this.#told.delete(key);
		const isKnown = released || record !== undefined;
		return { type: "down", instance: told.instance, ...(isKnown && { released: true }) };
	}
}
