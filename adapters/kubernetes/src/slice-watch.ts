import type { Logger } from "@allium/core";
import type { InstanceView } from "@allium/core/registry";
import { after, Backoff, type Timer } from "@allium/core/transport";
import { ApiError } from "./api-error.ts";
import type { SliceSource } from "./slice-source.ts";
import type { InstanceChanges, SliceTable } from "./slice-table.ts";

/** The bounds of the pause after a failure, in milliseconds. */
const pauses = { firstMs: 200, longestMs: 10_000 };
/** A watch that told nothing and ends sooner than this, in milliseconds, is not begun again at once. */
const shortestWatchMs = 1_000;

/** Options of {@link SliceWatch}. */
export interface SliceWatchOptions {
	readonly source: SliceSource;
	readonly table: SliceTable;
	readonly view: InstanceView;
	readonly logger: Logger;
	/** How long an instance stays if the first list after an outage lacks it, in milliseconds. */
	readonly graceMs: number;
}

/** Keeps a view equal to the slices of an API server, until it is stopped. */
export class SliceWatch {
	readonly #options: SliceWatchOptions;
	readonly #life = new AbortController();
	readonly #backoff = new Backoff(pauses);
	/** The version that the table shows. Undefined if all slices have to be listed. */
	#version: string | undefined;
	/** Whether the server did not answer the last time. */
	#isOut = false;
	#hasToldOfMalformed = false;

	constructor(options: SliceWatchOptions) {
		this.#options = options;
	}

	/** Runs until it is stopped. Never rejects. */
	async run(): Promise<void> {
		while (!this.#life.signal.aborted) {
			try {
				if (this.#version === undefined) await this.#list();
				if (await this.#watch()) continue;
			} catch (error) {
				if (this.#life.signal.aborted) return;
				this.#failed(error);
			}
			await pause(this.#backoff.next(), this.#life.signal);
		}
	}

	stop(): void {
		this.#life.abort();
	}

	async #list(): Promise<void> {
		const { source, table, view, graceMs } = this.#options;
		const { slices, version } = await source.list(this.#life.signal);
		if (this.#life.signal.aborted) return;
		table.replace(slices);
		this.#version = version;
		this.#succeeded();
		// Without its history, a server does not report which instances left of their own accord; and it may have started
		// from an older state than before. The first list has nothing to compare with.
		view.resume(table.records(), graceMs);
	}

	/** @returns whether it is of use to begin the next watch at once. */
	async #watch(): Promise<boolean> {
		const { source, table, view } = this.#options;
		const { signal } = this.#life;
		const startedAt = performance.now();
		let hasTold = false;
		const changes: InstanceChanges = {
			put: (record) => view.put(record),
			delete: (key) => view.delete(key, true),
		};
		let lasting: Timer | undefined;
		try {
			await source.watch(this.#version ?? "", signal, {
				// A server that accepts a watch and ends it at once does not count as back.
				opened: () => {
					lasting = after(shortestWatchMs, () => this.#succeeded());
				},
				put: (slice) => table.put(slice, changes),
				delete: (slice) => table.delete(slice, changes),
				reached: (version) => {
					this.#version = version;
					hasTold = true;
					this.#backoff.reset();
					this.#succeeded();
				},
				malformed: () => this.#malformed(),
			});
		} finally {
			lasting?.stop();
		}
		return hasTold || performance.now() - startedAt >= shortestWatchMs;
	}

	#failed(error: unknown): void {
		const { view, logger } = this.#options;
		if (error instanceof ApiError && error.isOfVersion) {
			this.#version = undefined;
			return;
		}
		// A watch that gets other errors may succeed after a list.
		if (error instanceof ApiError) this.#version = undefined;
		if (!view.ready) {
			view.fail(error);
			return;
		}
		const message = "the API server does not answer; going on with what is known";
		if (!this.#isOut) logger.log("warn", message, { error });
		this.#isOut = true;
		view.pause();
	}

	#succeeded(): void {
		if (!this.#isOut) return;
		this.#isOut = false;
		const { logger, view, table, graceMs } = this.#options;
		logger.log("info", "the API server answers again");
		view.resume(table.records(), graceMs);
	}

	#malformed(): void {
		const message = "the API server sends something that is not an EndpointSlice; it is left out";
		if (!this.#hasToldOfMalformed) this.#options.logger.log("warn", message);
		this.#hasToldOfMalformed = true;
	}
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) return resolve();
		const end = (): void => {
			timer.stop();
			signal.removeEventListener("abort", end);
			resolve();
		};
		const timer = after(milliseconds, end);
		signal.addEventListener("abort", end);
	});
}
