import { type Context, isServiceError, type ServiceError } from "@allium/core";
import { refusal, unavailable } from "@allium/core/adapter";
import type { LogFeatures } from "@allium/core/event";
import { afterSilence, Backoff, sleep } from "@allium/core/transport";
import { answerMs, ConnectionPool, type Value } from "./connection-pool.ts";
import { failure, isConflict, isReadOnly } from "./failure.ts";
import { Listening } from "./listening.ts";
import { Notifications } from "./notifications.ts";
import { type PostgresAddress, placeOf } from "./postgres-url.ts";
import { prepareSchema } from "./schema.ts";
import { type Connection, Session } from "./session.ts";
import { Sessions } from "./sessions.ts";
import { channelOf } from "./tables.ts";

/** How often a statement is run that loses against others. */
const mostTries = 5;
/** The pauses before a transaction runs again that lost, in milliseconds. */
const conflictBounds = { firstMs: 5, longestMs: 100, jitter: 0.5 };

/**
 * The tables of Allium in one schema of a database. A bounded number of connections runs statements, one more listens.
 * Connections that are lost are made again with the next use.
 */
export class Database implements AsyncDisposable {
	readonly place: string;
	readonly schema: string;
	/** The channel on which changes are notified. */
	readonly channel: string;
	/** The failure that committed changes are safe from. */
	readonly syncs: LogFeatures["syncs"];
	/** The notifications of changes by this and other processes. */
	readonly notifications: Notifications = new Notifications();
	readonly #address: PostgresAddress;
	readonly #listening: Listening;
	readonly #underWay = new Set<(error: ServiceError) => void>();
	readonly #sessions: Sessions;
	#pool: ConnectionPool;
	#isClosed = false;

	private constructor(address: PostgresAddress, pool: ConnectionPool, syncs: LogFeatures["syncs"]) {
		this.place = placeOf(address);
		this.schema = address.schema;
		this.channel = channelOf(address.schema);
		this.syncs = syncs;
		this.#address = address;
		this.#pool = pool;
		this.#sessions = new Sessions({
			most: Math.floor(address.connections / 2),
			connect: () => new Session(address, { host: this.#pool.host, asService: true }),
		});
		this.#listening = new Listening(this.channel, {
			connect: (options) =>
				new ConnectionPool(address, { ...options, connections: 1, host: this.#pool.host }),
			heard: (payload) => this.notifications.tell(payload),
			// Notifications that were sent while nobody listened are lost.
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
				return new Database(address, pool, await prepareSchema(pool, address, bounded));
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
	 * in time, and with the error of its context when that ends. The server may have carried it out all the same.
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

	/**
	 * Runs a transaction on a connection of its own, which has the settings that the server gives to a service. It runs
	 * again after a conflict with another one. When the context ends, the connection is given up, and the server rolls
	 * back.
	 */
	async transaction<T>(work: (connection: Connection) => Promise<T>, ctx: Context): Promise<T> {
		const backoff = new Backoff(conflictBounds);
		for (let tried = 1; ; tried++) {
			if (this.#isClosed) throw closed();
			const session = await this.#sessions.take(ctx);
			try {
				return await this.#within(session, session.transaction(work), ctx);
			} catch (error) {
				if (!isConflict(error) || tried === mostTries) throw error;
			} finally {
				if (session.isOver && ctx.error === undefined && session.host === this.#pool.host) {
					if (this.#address.hosts.length > 1) this.#leave(this.#pool);
				}
				this.#sessions.give(session);
			}
			await sleep(backoff.next(), ctx);
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		for (const fail of [...this.#underWay]) fail(closed());
		this.notifications.close(closed());
		await this.#listening.close();
		this.#sessions.end();
		this.#pool.end();
	}

	/** A result that is there before its context ends, and while this is open. Otherwise its session is given up. */
	#within<T>(session: Session, result: Promise<T>, ctx: Context): Promise<T> {
		return new Promise<T>((resolve, reject) => {
			let unlisten: (() => void) | undefined;
			const end = (): void => {
				unlisten?.();
				this.#underWay.delete(fail);
			};
			const fail = (error: unknown): void => {
				end();
				this.#abandon(session);
				reject(error);
			};
			this.#underWay.add(fail);
			result.then(
				(value) => {
					end();
					resolve(value);
				},
				(error: unknown) => {
					end();
					reject(error);
				},
			);
			unlisten = ctx["~cancellation"].listen(fail);
		});
	}

	/** Ends a session, also on the server: that one would learn of it only when its statement is done. */
	#abandon(session: Session): void {
		session.end();
		if (session.process === undefined || this.#isClosed) return;
		const { pid, since } = session.process;
		const ending = this.#pool.run(
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2",
			[pid, since],
		);
		// The server, too, ends the statements under way soon enough.
		ending.catch(() => {});
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
			const timer = afterSilence(answerMs, () => {
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
function bounded<T>(result: Promise<T>, milliseconds: number = answerMs): Promise<T> {
	return new Promise((resolve, reject) => {
		const timer = afterSilence(milliseconds, () => reject(silentAtStart(milliseconds)));
		result.then(resolve, reject).finally(() => timer.stop());
	});
}

/** Whether an error came from the server, and not from the loss of its connection. */
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

function silentAtStart(milliseconds: number): Error {
	return new Error(`it did not answer within ${milliseconds / 1_000} seconds`);
}

function closed(): ServiceError {
	return refusal("the connection to PostgreSQL is closed");
}
