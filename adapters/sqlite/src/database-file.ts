import { statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Context, isServiceError, type ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import { after } from "@allium/core/transport";
import { createFolder } from "./data-folder.ts";
import { fileFailure, isBusy, isOfFile, stillBusy } from "./failure.ts";
import { fileIdentity } from "./file-identity.ts";

/** The contents of a file, and the statements that use them. */
export interface Schema<Tables> {
	/** The content of the file, for messages: `the registry`. */
	readonly name: string;
	/** The loss in a power cut: with FULL nothing that was committed, with NORMAL the last transactions. */
	readonly synchronous: "FULL" | "NORMAL";
	/** The number of pages at which the WAL is written into the file. Default: 1000, as SQLite's. */
	readonly checkpointPages?: number;
	/** A table that the file has in every version, by which it is told from that of another program. */
	readonly mark: string;
	/** Increases with every change of the schema. A file of a newer version is refused. */
	readonly version: number;
	/** Creates the tables, in an empty database or in place of the tables of an older version. */
	readonly sql: string;
	/**
	 * Leads from a version to the next one, so that the data of an older version stays: the first from version 1 to 2.
	 * Default: the tables of an older version are dropped and created again.
	 */
	readonly upgrades?: readonly string[];
	/** Prepares the statements on a connection. */
	prepare(database: DatabaseSync): Tables;
}

/** A transaction that outlasts a call. It alone may write, and reads of the same file wait for its end. */
export interface OpenTransaction<Tables> {
	readonly tables: Tables;
	/** Whether it is still open: SQLite ends a transaction by itself when the disk is full. */
	readonly isOpen: boolean;
	/** Translates an error of SQLite. Other errors come back unchanged. */
	failure(error: unknown): unknown;
	/** @throws the fault of the file. In that case nothing of the transaction is there. */
	commit(): void;
	/** Has no effect when it has ended. */
	rollback(): void;
}

interface Connection<Tables> {
	readonly database: DatabaseSync;
	readonly tables: Tables;
	/** The identity of the file, because the path may come to name another one. */
	readonly identity: string | undefined;
}

/** How long an operation is retried while others hold the file, in milliseconds. */
export const defaultBusyLimitMs = 5_000;
/** The longest pause between two tries, in milliseconds. */
const longestPauseMs = 50;

/**
 * One SQLite file that many processes share. Its busy timeout is zero, because SQLite's own waiting would block the
 * event loop. Instead, a transaction that finds the file held is tried again after a short random pause. The first
 * write makes the file, and the next write makes it again after somebody has deleted it.
 */
export class DatabaseFile<Tables> {
	readonly path: string;
	readonly #schema: Schema<Tables>;
	readonly #busyLimitMs: number;
	#connection: Connection<Tables> | undefined;
	#closed = false;
	readonly #pending = new Set<Promise<unknown>>();
	/** Resolves when the open transaction has ended. Undefined without one. */
	#open: Promise<void> | undefined;

	constructor(path: string, schema: Schema<Tables>, busyLimitMs: number = defaultBusyLimitMs) {
		this.path = path;
		this.#schema = schema;
		this.#busyLimitMs = busyLimitMs;
	}

	/** The content of the file, for messages. */
	get name(): string {
		return this.#schema.name;
	}

	/** Runs in a transaction that alone may write. Makes the file when it is missing. */
	write<T>(run: (tables: Tables) => T, ctx?: Context): Promise<T> {
		return this.#retrying(() => this.#transaction(this.#current() ?? this.#connect(), run), ctx);
	}

	/** Like `write`, but tries once and throws SQLite's error; `isBusy` tells whether to try again. */
	tryWrite<T>(run: (tables: Tables) => T): T {
		try {
			return this.#transaction(this.#current() ?? this.#connect(), run);
		} catch (error) {
			throw this.#failure(error);
		}
	}

	/**
	 * Begins a transaction that its caller ends, within the same turn of the event loop. Tries once and throws SQLite's
	 * error; `isBusy` tells whether to try again.
	 */
	tryBegin(): OpenTransaction<Tables> {
		try {
			const connection = this.#current() ?? this.#connect();
			connection.database.exec("BEGIN IMMEDIATE");
			return this.#opened(connection);
		} catch (error) {
			throw this.#failure(error);
		}
	}

	/** Like `write`, but does nothing when there is no file. */
	writeExisting<T>(run: (tables: Tables) => T, ctx?: Context): Promise<T | undefined> {
		return this.#retrying(() => {
			const connection = this.#existing();
			return connection === undefined ? undefined : this.#transaction(connection, run);
		}, ctx);
	}

	/** Runs outside of a transaction; undefined when there is no file. */
	read<T>(run: (tables: Tables) => T, ctx?: Context): Promise<T | undefined> {
		return this.#retrying(() => this.#tryRead(run), ctx);
	}

	/** Like `read`, but tries once and throws SQLite's error; `isBusy` tells whether to try again. */
	tryRead<T>(run: (tables: Tables) => T): T | undefined {
		try {
			return this.#tryRead(run);
		} catch (error) {
			throw this.#failure(error);
		}
	}

	/** Ends the connection. An operation that is being retried ends with `failed_precondition`. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#disconnect();
		await Promise.allSettled(this.#pending);
	}

	#opened({ database, tables }: Connection<Tables>): OpenTransaction<Tables> {
		const ended = Promise.withResolvers<void>();
		this.#open = ended.promise;
		const isOpen = (): boolean => database.isOpen && database.isTransaction;
		const end = (sql: "COMMIT" | "ROLLBACK"): void => {
			try {
				if (sql === "COMMIT" || isOpen()) database.exec(sql);
			} catch (error) {
				if (isOpen()) database.exec("ROLLBACK");
				throw this.#closed ? this.#isClosed() : this.#failure(error);
			} finally {
				this.#open = undefined;
				ended.resolve();
			}
		};
		return {
			tables,
			get isOpen() {
				return isOpen();
			},
			failure: (error) => {
				if (this.#closed) return this.#isClosed();
				return isOfFile(error) ? fileFailure(this.path, error) : error;
			},
			commit: () => end("COMMIT"),
			rollback: () => {
				try {
					end("ROLLBACK");
				} catch {
					// The connection has ended, and the transaction with it.
				}
			},
		};
	}

	#tryRead<T>(run: (tables: Tables) => T): T | undefined {
		const connection = this.#existing();
		return connection === undefined ? undefined : run(connection.tables);
	}

	#transaction<T>({ database, tables }: Connection<Tables>, run: (tables: Tables) => T): T {
		database.exec("BEGIN IMMEDIATE");
		try {
			const result = run(tables);
			database.exec("COMMIT");
			return result;
		} catch (error) {
			if (database.isTransaction) database.exec("ROLLBACK");
			throw error;
		}
	}

	#retrying<T>(attempt: () => T, ctx?: Context): Promise<T> {
		const trying = this.#tryUntilFree(attempt, ctx);
		this.#pending.add(trying);
		const settled = (): void => void this.#pending.delete(trying);
		trying.then(settled, settled);
		return trying;
	}

	async #tryUntilFree<T>(attempt: () => T, ctx?: Context): Promise<T> {
		const started = performance.now();
		for (let pause = 2; ; pause = Math.min(2 * pause, longestPauseMs)) {
			// Changes of an open transaction must not be visible before its end.
			while (this.#open !== undefined) await this.#open;
			if (ctx?.error !== undefined) throw ctx.error;
			try {
				return attempt();
			} catch (error) {
				if (!isBusy(error)) throw this.#failure(error);
				if (performance.now() - started >= this.#busyLimitMs) {
					throw stillBusy(this.path, this.#busyLimitMs, error);
				}
			}
			await new Promise<void>((resolve) => after(1 + Math.random() * pause, resolve));
		}
	}

	/** The connection, if there is one and the path still names its file. */
	#current(): Connection<Tables> | undefined {
		if (this.#closed) throw this.#isClosed();
		if (this.#connection !== undefined && fileIdentity(this.path) !== this.#connection.identity)
			this.#disconnect();
		return this.#connection;
	}

	#existing(): Connection<Tables> | undefined {
		const current = this.#current();
		if (current !== undefined) return current;
		if (fileIdentity(this.path) !== undefined) return this.#connect();
		// Without a folder nothing has been written yet. A path that is not a folder will never have a file.
		if (statSync(dirname(this.path), { throwIfNoEntry: false })?.isDirectory() === false) {
			throw fileFailure(dirname(this.path), Object.assign(new Error("not a folder"), { code: "ENOTDIR" }));
		}
		return undefined;
	}

	#connect(): Connection<Tables> {
		createFolder(dirname(this.path));
		const database = new DatabaseSync(this.path, { timeout: 0 });
		try {
			const { synchronous, checkpointPages = 1_000 } = this.#schema;
			this.#requireOwn(database);
			database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
			database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
			if (this.#version(database) !== this.#schema.version) this.#create(database);
			const tables = this.#schema.prepare(database);
			this.#connection = { database, tables, identity: fileIdentity(this.path) };
			return this.#connection;
		} catch (error) {
			database.close();
			throw error;
		}
	}

	#create(database: DatabaseSync): void {
		database.exec("BEGIN IMMEDIATE");
		// Another process may have created the tables first, or the tables of a newer version.
		const version = this.#version(database);
		this.#requireOwn(database);
		if (version < this.#schema.version) {
			const { sql, upgrades } = this.#schema;
			const steps = version > 0 && upgrades !== undefined ? upgrades.slice(version - 1) : [sql];
			database.exec(`${steps.join(";")}; PRAGMA user_version = ${this.#schema.version}`);
		}
		database.exec("COMMIT");
	}

	/** @throws ServiceError for the file of another program, whatever number that has given to it. */
	#requireOwn(database: DatabaseSync): void {
		const { mark } = this.#schema;
		const known = database.prepare(
			"SELECT count(*) AS tables, count(*) FILTER (WHERE name = ?) AS marks FROM sqlite_schema",
		);
		const { tables, marks } = known.get(mark) ?? {};
		if (tables !== 0 && marks === 0)
			throw refusal(`"${this.path}" is the database of another program; name another folder`);
	}

	#version(database: DatabaseSync): number {
		const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
		if (version <= this.#schema.version) return version;
		throw refusal(
			`"${this.path}" was made by a newer version of @allium/sqlite: install that here too, ` +
				"or stop everything that uses the file and delete it",
		);
	}

	#disconnect(): void {
		const connection = this.#connection;
		this.#connection = undefined;
		connection?.database.close();
	}

	#isClosed(): ServiceError {
		return refusal(`${this.#schema.name} is closed`);
	}

	/** Permanent errors of SQLite also end the connection, so that the next try begins with a new one. */
	#failure(error: unknown): unknown {
		if (isServiceError(error) || isBusy(error)) return error;
		this.#disconnect();
		return fileFailure(this.path, error);
	}
}
