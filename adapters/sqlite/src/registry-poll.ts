import { isServiceError } from "@allium/core";
import { type InstanceView, parseInstanceRecord } from "@allium/core/registry";
import { after, type Timer } from "@allium/core/transport";
import type { DatabaseFile } from "./database-file.ts";
import { isBusy, stillBusy } from "./failure.ts";
import { machineNow } from "./machine-clock.ts";
import type { InstanceRow, RegistryTables } from "./registry-tables.ts";

/** How often the revision is read, in milliseconds. A reading takes some microseconds. */
const pollMs = 50;
/**
 * The greatest share of the process' time that reading may take, which matters where thousands of instances come and
 * go.
 */
const shareOfTime = 0.2;
const longestPauseMs = 500;
/** After a silence this long, in milliseconds, other processes may have been unable to renew, too. */
const longSilenceMs = 1_000;
/** How long the file may fail before watchers are told, in milliseconds. */
const patienceMs = 5_000;

/** Keeps a view equal to the file while the view is watched. */
export class RegistryPoll {
	readonly #file: DatabaseFile<RegistryTables>;
	readonly #view: InstanceView;
	readonly #ttlMs: number;
	#timer: Timer | undefined;
	/** The tables and the revision that the view shows; undefined while it shows none. */
	#shown: { readonly tables: RegistryTables | undefined; readonly revision: number } | undefined;
	/** When the next lease of the view runs out, as far as is known. All times are of `machineNow`. */
	#expiresAt = Number.POSITIVE_INFINITY;
	#lastSuccess = 0;

	constructor(file: DatabaseFile<RegistryTables>, view: InstanceView, ttlMs: number) {
		this.#file = file;
		this.#view = view;
		this.#ttlMs = ttlMs;
	}

	/** Begins to read. The first reading comes soon, but not at once, so that no callback runs within the call. */
	start(): void {
		this.#shown = undefined;
		this.#lastSuccess = machineNow();
		this.#schedule(0);
	}

	stop(): void {
		this.#timer?.stop();
		this.#timer = undefined;
	}

	#schedule(delay: number): void {
		this.#timer?.stop();
		this.#timer = after(delay, () => {
			this.#schedule(pollMs);
			const startedAt = performance.now();
			this.#tick();
			const pause = Math.min(longestPauseMs, (performance.now() - startedAt) / shareOfTime);
			if (pause > pollMs && this.#timer !== undefined) this.#schedule(pause);
		});
	}

	#tick(): void {
		try {
			this.#read();
			this.#lastSuccess = machineNow();
		} catch (error) {
			const silence = machineNow() - this.#lastSuccess;
			if (isServiceError(error) && error.code === "failed_precondition") this.#view.fail(error);
			else if (silence >= patienceMs) {
				this.#view.fail(isBusy(error) ? stillBusy(this.#file.path, patienceMs, error) : error);
			}
		}
	}

	#read(): void {
		const now = machineNow();
		const shown = this.#shown;
		const read = this.#file.tryRead((tables) => {
			const revision = tables.revision();
			const same = shown?.tables === tables && shown.revision === revision;
			return { tables, revision, rows: same && now < this.#expiresAt ? undefined : tables.rows() };
		});
		// The file was replaced or removed. Its instances will register in the new one.
		const isOther = shown?.tables !== undefined && shown.tables !== read?.tables;
		// This process was suspended, or another one held the file. No instance is dead because of that.
		const isBack = isOther || now - this.#lastSuccess > longSilenceMs;
		this.#shown = { tables: read?.tables, revision: read?.revision ?? 0 };
		const rows = read === undefined ? [] : read.rows;
		if (rows !== undefined) this.#show(rows, isBack, isOther);
		else if (isBack) this.#view.resume([...this.#view.records()], this.#ttlMs);
	}

	/** Shows the instances that are alive. */
	#show(rows: readonly InstanceRow[], isBack: boolean, isOther: boolean): void {
		const known = new Map(Array.from(this.#view.records(), (record) => [record.text, record]));
		const expired = new Set<string>();
		const records = [];
		this.#expiresAt = Number.POSITIVE_INFINITY;
		for (const { text, isAlive, expiresAt } of rows) {
			const record = known.get(text) ?? parseInstanceRecord(text);
			if (record === undefined) continue;
			if (isAlive) {
				records.push(record);
				this.#expiresAt = Math.min(this.#expiresAt, expiresAt);
			} else expired.add(record.key);
		}
		// Expired rows stay for as long as a lease, so a row that is missing from the same file was released.
		const isReleased = (key: string): boolean => !isOther && !expired.has(key);
		if (isBack) this.#view.resume(records, this.#ttlMs, isReleased);
		else this.#view.replace(records, isReleased);
	}
}
