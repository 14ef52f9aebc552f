import { rmSync } from "node:fs";
import type { Context } from "@allium/core";
import { after, Backoff } from "@allium/core/transport";
import { DatabaseFile } from "./database-file.ts";
import { fileFailure, isBusy, isOfFile, sqlFailure, stillBusy } from "./failure.ts";
import { FileBell } from "./file-bell.ts";
import { endedInMicrotasks } from "./microtasks.ts";
import { type ViewTables, viewSchema } from "./view-tables.ts";

/** The file of one build of a view. Readers have their own connection, which sees committed changes. */
export class ViewFile {
	readonly path: string;
	readonly bell: FileBell;
	readonly #busyLimitMs: number;
	readonly #writer: DatabaseFile<ViewTables>;
	readonly #reader: DatabaseFile<ViewTables>;
	/** The writes run one after another, because a transaction may last longer than one turn. */
	#last: Promise<unknown> = Promise.resolve();

	constructor(path: string, name: string, busyLimitMs: number) {
		this.path = path;
		this.#busyLimitMs = busyLimitMs;
		this.#writer = new DatabaseFile(path, viewSchema(name, false), busyLimitMs);
		this.#reader = new DatabaseFile(path, viewSchema(name, true), busyLimitMs);
		this.bell = new FileBell(this.#writer);
	}

	/** Makes the file when it is missing. */
	write<T>(run: (tables: ViewTables) => T, ctx: Context): Promise<T> {
		return this.#inTurn(() => this.#writer.write(run, ctx));
	}

	/** Undefined when there is no file. */
	writeExisting<T>(run: (tables: ViewTables) => T, ctx: Context): Promise<T | undefined> {
		return this.#inTurn(() => this.#writer.writeExisting(run, ctx));
	}

	/** Undefined when there is no file. */
	read<T>(run: (tables: ViewTables) => T, ctx: Context): Promise<T | undefined> {
		return this.#reader.read(run, ctx);
	}

	/** A transaction whose work awaits nothing but its parameter. Undefined if there is no file. */
	transaction<T>(work: (tables: ViewTables) => Promise<T>, ctx: Context): Promise<T | undefined> {
		return this.#inTurn(async () => {
			const began = performance.now();
			const pauses = new Backoff({ firstMs: 2, longestMs: 50 });
			for (;;) {
				if (ctx.error !== undefined) throw ctx.error;
				const tables = await this.#writer.read((tables) => tables, ctx);
				if (tables === undefined) return undefined;
				try {
					return await this.#attempt(tables, work);
				} catch (error) {
					if (!isBusy(error)) throw this.#failure(error);
					if (performance.now() - began >= this.#busyLimitMs)
						throw stillBusy(this.path, this.#busyLimitMs, error);
				}
				await new Promise<void>((resolve) => after(1 + pauses.next(), resolve));
			}
		});
	}

	/** Closes it, and deletes the file. */
	async remove(): Promise<void> {
		await this.close();
		for (const end of ["", "-wal", "-shm"]) rmSync(`${this.path}${end}`, { force: true });
	}

	async close(): Promise<void> {
		this.bell.close();
		await this.#last;
		await Promise.all([this.#writer.close(), this.#reader.close()]);
	}

	async #attempt<T>(tables: ViewTables, work: (tables: ViewTables) => Promise<T>): Promise<T> {
		const { database } = tables;
		database.exec("BEGIN IMMEDIATE");
		try {
			const result = await endedInMicrotasks(() => work(tables));
			database.exec("COMMIT");
			return result;
		} catch (error) {
			if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
			throw error;
		}
	}

	#inTurn<T>(run: () => Promise<T>): Promise<T> {
		const turn = this.#last.then(run);
		this.#last = turn.catch(() => {});
		return turn;
	}

	/**
	 * Translates an error. An error of the file itself is reported as everywhere; an error of a statement belongs to the
	 * view.
	 */
	#failure(error: unknown): unknown {
		return isOfFile(error) ? fileFailure(this.path, error) : sqlFailure(error);
	}
}
