import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import type { Context, Logger } from "allium";

/** Money that enters an account, or leaves it if the amount is negative. */
export interface Movement {
	readonly id: string;
	readonly account: string;
	/** The amount in pence. */
	readonly amount: number;
}

/** The decision about a movement. */
export interface Decision extends Movement {
	/** False if there was not enough money. Then nothing moved. */
	readonly applied: boolean;
	/** The balance of the account afterwards. */
	readonly balance: number;
}

const tables = `
	CREATE TABLE IF NOT EXISTS accounts (
		account TEXT PRIMARY KEY,
		balance INTEGER NOT NULL CHECK (balance >= 0)
	) STRICT;
	CREATE TABLE IF NOT EXISTS movements (
		id TEXT PRIMARY KEY,
		account TEXT NOT NULL REFERENCES accounts,
		amount INTEGER NOT NULL,
		applied INTEGER NOT NULL,
		balance INTEGER NOT NULL
	) STRICT;
`;

/** How long to wait while another process writes, in milliseconds. */
const pauseMs = 5;
/** After this many waits, another process holds the file for longer than a movement takes. */
const manyWaits = 20;
/** The error code of SQLite in that case. */
const busy = 5;

/**
 * Keeps the money in a SQLite file that several processes may share. Every movement is decided once, and the decision
 * is final.
 */
export class Ledger implements Disposable {
	readonly #database: DatabaseSync;
	readonly #logger: Logger;

	private constructor(database: DatabaseSync, logger: Logger) {
		this.#database = database;
		this.#logger = logger;
	}

	/** Opens a ledger. It creates the file if there is none, and opens the accounts that the file does not have. */
	static async open(
		path: string,
		opening: Readonly<Record<string, number>>,
		logger: Logger,
		ctx: Context,
	): Promise<Ledger> {
		// No busy timeout: SQLite would block the whole process while it waits.
		const ledger = new Ledger(new DatabaseSync(path, { timeout: 0 }), logger);
		await ledger.#whenFree(() => ledger.#database.exec("PRAGMA journal_mode = WAL"), ctx);
		await ledger.#write((database) => {
			database.exec(tables);
			const open = database.prepare("INSERT OR IGNORE INTO accounts VALUES (?, ?)");
			for (const [account, balance] of Object.entries(opening)) open.run(account, balance);
		}, ctx);
		return ledger;
	}

	/** The balance of an account. Undefined if there is no such account. */
	balance(account: string): number | undefined {
		const row = this.#database.prepare("SELECT balance FROM accounts WHERE account = ?").get(account);
		return row === undefined ? undefined : Number(row.balance);
	}

	/** Decides a movement, or returns the earlier decision. Undefined if there is no such account. */
	move(movement: Movement, ctx: Context): Promise<Decision | undefined> {
		return this.#write((database) => this.#known(movement.id) ?? this.#decide(database, movement), ctx);
	}

	[Symbol.dispose](): void {
		this.#database.close();
	}

	#known(id: string): Decision | undefined {
		const row = this.#database.prepare("SELECT * FROM movements WHERE id = ?").get(id);
		return row === undefined ? undefined : decision(row);
	}

	#decide(database: DatabaseSync, { id, account, amount }: Movement): Decision | undefined {
		const before = this.balance(account);
		if (before === undefined) return undefined;
		const applied = before + amount >= 0;
		const balance = applied ? before + amount : before;
		if (applied) database.prepare("UPDATE accounts SET balance = ? WHERE account = ?").run(balance, account);
		database
			.prepare("INSERT INTO movements VALUES (?, ?, ?, ?, ?)")
			.run(id, account, amount, applied ? 1 : 0, balance);
		return { id, account, amount, applied, balance };
	}

	/** Runs as the only writer. Gives up if the context ends before its turn comes. */
	#write<T>(run: (database: DatabaseSync) => T, ctx: Context): Promise<T> {
		return this.#whenFree(() => this.#transaction(run), ctx);
	}

	#transaction<T>(run: (database: DatabaseSync) => T): T {
		const database = this.#database;
		database.exec("BEGIN IMMEDIATE");
		try {
			const result = run(database);
			database.exec("COMMIT");
			return result;
		} catch (error) {
			if (database.isTransaction) database.exec("ROLLBACK");
			throw error;
		}
	}

	/** Runs an action, and repeats it while another process holds the file. */
	async #whenFree<T>(action: () => T, ctx: Context): Promise<T> {
		for (let waits = 0; ; waits++) {
			if (ctx.error !== undefined) throw ctx.error;
			try {
				return action();
			} catch (error) {
				if (!isBusy(error)) throw error;
			}
			if (waits === manyWaits) this.#logger.log("warn", "another process holds the ledger");
			await setTimeout(pauseMs, undefined, { signal: ctx.signal });
		}
	}
}

function isBusy(error: unknown): boolean {
	return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === busy;
}

function decision(row: Record<string, SQLOutputValue>): Decision {
	const { id, account, amount, applied, balance } = row;
	return {
		id: String(id),
		account: String(account),
		amount: Number(amount),
		applied: applied === 1,
		balance: Number(balance),
	};
}
