import { unavailable } from "@allium/core/adapter";
import { afterSilence } from "@allium/core/transport";
import { answerMs, ConnectionPool, type Rows, type Value } from "./connection-pool.ts";
import { failure, isConflict, isReadOnly } from "./failure.ts";
import { type PostgresAddress, placeOf } from "./postgres-url.ts";

/** Runs the statements of a transaction. Once one of them has failed, nothing is committed. */
export interface Connection {
	/** Runs one statement. It is prepared once. */
	run<Row extends object>(text: string, values: readonly Value[]): Promise<Rows<Row>>;
	/** Runs several statements without values. */
	runAll(text: string): Promise<void>;
}

/** The server's process for a connection. */
export interface BackendProcess {
	readonly pid: number;
	readonly since: string;
}

const processSql = `
SELECT pid, backend_start::text AS since FROM pg_stat_activity WHERE pid = pg_backend_pid()`;

/** One connection, which runs one transaction after another. It is not made again when it is lost. */
export class Session {
	readonly #address: PostgresAddress;
	readonly #pool: ConnectionPool;
	#process: BackendProcess | undefined;
	#isOver = false;

	/** @param asService See `PoolOptions`. */
	constructor(
		address: PostgresAddress,
		{ host, asService }: { readonly host: number; readonly asService: boolean },
	) {
		this.#address = address;
		this.#pool = new ConnectionPool(address, {
			connections: 1,
			host,
			stays: true,
			asService,
			lost: () => this.end(),
		});
	}

	/** Whether it can run nothing more. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** Undefined until it has run something. */
	get process(): BackendProcess | undefined {
		return this.#process;
	}

	/** The index of its server in the address. */
	get host(): number {
		return this.#pool.host;
	}

	/**
	 * Runs a READ COMMITTED transaction. It is committed when the work resolves and none of its statements failed, and
	 * rolled back otherwise. Rejects with the error of the work, or else with that of the first statement that failed,
	 * and always with that of a conflict, so that the work can run again.
	 */
	async transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
		if (this.#process === undefined) {
			const [process] = await this.#run(() => this.#pool.run<BackendProcess>(processSql, []));
			this.#process = process;
		}
		await this.#run(() => this.#pool.run("BEGIN ISOLATION LEVEL READ COMMITTED", []));
		const statements = new Statements((statement) => this.#run(statement), this.#pool);
		try {
			const value = await work(statements);
			await statements.end();
			await this.#run(() => this.#pool.run("COMMIT", []));
			return value;
		} catch (error) {
			await this.#rollBack();
			throw isConflict(statements.failed) ? statements.failed : error;
		}
	}

	/** Ends the connection at once. Statements under way fail, and the server rolls back the open transaction. */
	end(): void {
		this.#isOver = true;
		this.#pool.end();
	}

	async #rollBack(): Promise<void> {
		if (this.#isOver) return;
		await this.#run(() => this.#pool.run("ROLLBACK", [])).catch(() => this.end());
	}

	/** The library would make a lost connection again, and run statements there outside of their transaction. */
	async #run<T>(statement: () => Promise<T>): Promise<T> {
		const place = placeOf(this.#address);
		if (this.#isOver) throw unavailable(`the connection to PostgreSQL at ${place} was lost`);
		// A connection that is silent is given up.
		const timer = afterSilence(answerMs, () => this.end());
		try {
			return await statement();
		} catch (error) {
			if (isReadOnly(error)) this.end();
			throw failure(error, place);
		} finally {
			timer.stop();
		}
	}
}

/** The statements of one transaction. */
class Statements implements Connection {
	readonly #guarded: <T>(statement: () => Promise<T>) => Promise<T>;
	readonly #pool: ConnectionPool;
	readonly #underWay = new Set<Promise<unknown>>();
	/** The error of the first statement that failed. */
	failed: unknown;

	constructor(guarded: <T>(statement: () => Promise<T>) => Promise<T>, pool: ConnectionPool) {
		this.#guarded = guarded;
		this.#pool = pool;
	}

	run<Row extends object>(text: string, values: readonly Value[]): Promise<Rows<Row>> {
		return this.#watched(() => this.#pool.run<Row>(text, values));
	}

	runAll(text: string): Promise<void> {
		return this.#watched(() => this.#pool.runAll(text));
	}

	/** Resolves once all statements are done, including statements that nobody waits for. Rejects if one has failed. */
	async end(): Promise<void> {
		while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
		if (this.failed !== undefined) throw this.failed;
	}

	#watched<T>(statement: () => Promise<T>): Promise<T> {
		const result = this.#guarded(statement);
		this.#underWay.add(result);
		result.then(
			() => this.#underWay.delete(result),
			(error: unknown) => {
				this.#underWay.delete(result);
				this.failed ??= error;
			},
		);
		return result;
	}
}
