import { type Context, isServiceError, type ServiceError } from "@allium/core";
import { refusal, unavailable } from "@allium/core/adapter";
import type { LogFeatures } from "@allium/core/event";
import { after } from "@allium/core/transport";
import { ConnectionPool, statementMs, type Value } from "./connection-pool.ts";
import { failure, isConflict, isReadOnly } from "./failure.ts";
import { Listening } from "./listening.ts";
import { Notifications } from "./notifications.ts";
import { type PostgresAddress, placeOf } from "./postgres-url.ts";
import { prepareSchema } from "./schema.ts";
import { channelOf } from "./tables.ts";

/** How long a statement may take, in milliseconds. The server gives it up before, unless the server is silent. */
const answerMs = statementMs + 5_000;
/** How often a statement is run that loses against others. */
const mostTries = 5;

/**
 * The tables of Allium in one schema of a database. A bounded number of connections runs statements, one more listens.
 * Connections that are lost are made again with the next use.
 */
export class Database implements AsyncDisposable {
	readonly place: string;
	/** Where changes are told, and heard. */
	readonly channel: string;
	/** What was written survives, once it is committed. */
	readonly syncs: LogFeatures["syncs"];
	/** What other processes, and this one, tell of changes. */
	readonly notifications: Notifications = new Notifications();
	readonly #address: PostgresAddress;
	readonly #listening: Listening;
	readonly #underWay = new Set<(error: ServiceError) => void>();
	#pool: ConnectionPool;
	#isClosed = false;

	private constructor(address: PostgresAddress, pool: ConnectionPool, syncs: LogFeatures["syncs"]) {
		this.place = placeOf(address);
		this.channel = channelOf(address.schema);
		this.syncs = syncs;
		this.#address = address;
		this.#pool = pool;
		this.#listening = new Listening(this.channel, {
			connect: (options) =>
				new ConnectionPool(address, { ...options, connections: 1, host: this.#pool.host }),
			heard: (payload) => this.notifications.tell(payload),
			// What was told while nobody listened is lost.
			back: () => this.notifications.tellAll(),
		});
	}

	/**
	 * Connects to the first server that takes writes, and makes the tables where they are missing.
	 *
	 * @throws ServiceError `unavailable` when none answers; `failed_precondition` or `permission_denied` when the server
	 * refuses the user, or the schema is another program's or of a newer version.
	 */
	static async open(address: PostgresAddress): Promise<Database> {
		let reason: unknown;
		for (let host = 0; host < address.hosts.length; host++) {
			const pool = new ConnectionPool(address, { connections: address.connections, host });
			try {
				return new Database(address, pool, await bounded(prepareSchema(pool, address)));
			} catch (error) {
				pool.end();
				const failed = failure(error, placeOf(address));
				if (failed.code !== "unavailable") throw failed;
				reason = failed;
			}
		}
		throw reason;
	}

	/**
	 * Runs one statement, which is a transaction of its own. It fails with `unavailable` when the server does not answer
	 * in time, and with the error of its context when that ends. What was sent may have been done all the same.
	 */
	async query<Row extends object>(
		text: string,
		values: readonly Value[],
		ctx?: Context,
	): Promise<readonly Row[]> {
		for (let tried = 1; ; tried++) {
			if (this.#isClosed) throw closed();
			if (ctx?.error !== undefined) throw ctx.error;
			const pool = this.#pool;
			try {
				return await this.#watched(pool, pool.run<Row>(text, values), ctx);
			} catch (error) {
				if (isConflict(error) && tried < mostTries) continue;
				const failed = failure(error, this.place);
				if (failed.code === "unavailable" && this.#address.hosts.length > 1 && !isServiceError(error)) {
					if (isReadOnly(error) || !isAnswer(error)) this.#leave(pool);
				}
				throw failed;
			}
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		for (const fail of [...this.#underWay]) fail(closed());
		this.notifications.close(closed());
		await this.#listening.close();
		this.#pool.end();
	}

	/** A result that is there in time, before its context ends, and while this is open. */
	#watched<T>(pool: ConnectionPool, result: Promise<T>, ctx: Context | undefined): Promise<T> {
		return new Promise<T>((resolve, reject) => {
			let unlisten: (() => void) | undefined;
			const end = (): void => {
				timer.stop();
				unlisten?.();
				this.#underWay.delete(fail);
			};
			const fail = (error: unknown): void => {
				end();
				reject(error);
			};
			const timer = after(answerMs, () => {
				fail(silent(this.place));
				this.#leave(pool);
			});
			this.#underWay.add(fail);
			result.then((value) => {
				end();
				resolve(value);
			}, fail);
			unlisten = ctx?.["~cancellation"].listen(fail);
		});
	}

	/** Gives up connections that may be silent, or lead to a server that takes no writes. */
	#leave(pool: ConnectionPool): void {
		if (this.#isClosed || this.#pool !== pool) return;
		const { connections } = this.#address;
		this.#pool = new ConnectionPool(this.#address, { connections, host: pool.host + 1 });
		this.#listening.again();
		pool.end();
	}
}

/** The same, unless the server is silent. */
function bounded<T>(result: Promise<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const timer = after(answerMs, () => reject(silentAtStart()));
		result.then(resolve, reject).finally(() => timer.stop());
	});
}

/** Whether an error is what a server said, and no loss of its connection. */
function isAnswer(error: unknown): boolean {
	return (
		error instanceof Error &&
		error.name === "PostgresError" &&
		"code" in error &&
		!/^(57P|08)/.test(String(error.code))
	);
}

function silent(place: string): ServiceError {
	return unavailable(`PostgreSQL at ${place} did not answer within ${answerMs / 1_000} seconds`);
}

function silentAtStart(): Error {
	return new Error(`it did not answer within ${answerMs / 1_000} seconds`);
}

function closed(): ServiceError {
	return refusal("the connection to PostgreSQL is closed");
}
