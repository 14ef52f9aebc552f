import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import type { Context, Logger } from "allium";

/** Money that comes to an account, or goes from it when the amount is negative. */
export interface Movement {
	readonly id: string;
	readonly account: string;
	/** In pence. */
	readonly amount: number;
}

/** What became of a movement. */
export interface Decision extends Movement {
	/** False when there was not enough money: then nothing moved. */
	readonly applied: boolean;
	/** What was on the account afterwards. */
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

/** How long to wait when another process writes, in milliseconds. */
const pauseMs = 5;
/** After so many waits somebody holds the file for longer than a movement takes. */
const manyWaits = 20;
/** What SQLite says then. */
const busy = 5;

/**
 * Where the money is: a SQLite file that several processes may share. Every movement is decided once, whatever
 * it is decided to be, and stays so.
 */
export class Ledger implements Disposable {
	readonly #database: DatabaseSync;
	readonly #logger: Logger;

	private constructor(database: DatabaseSync, logger: Logger) {
		this.#database = database;
		this.#logger = logger;
	}

	/** Opens a ledger, makes it where there is none, and opens those accounts that it does not have. */
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

	/** What is on an account; undefined when there is none. */
	balance(account: string): number | undefined {
		const row = this.#database.prepare("SELECT balance FROM accounts WHERE account = ?").get(account);
		return row === undefined ? undefined : Number(row.balance);
	}

	/** Decides a movement, or says how it was decided before; undefined when there is no such account. */
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

	/** Runs as the only one that writes. Gives up when the context ends before its turn comes. */
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

	/** Does it, again and again while another process holds the file. */
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
