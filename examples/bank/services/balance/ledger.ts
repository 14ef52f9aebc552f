import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Context, Logger } from "allium";
import { SharedFile } from "../../shared-file.ts";

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

/**
 * Keeps the money in a SQLite file that several processes may share. Every movement is decided once, and the decision
 * is final.
 */
export class Ledger implements Disposable {
	readonly #file: SharedFile;

	private constructor(file: SharedFile) {
		this.#file = file;
	}

	/** Opens a ledger. It creates the file if there is none, and opens the accounts that the file does not have. */
	static async open(
		path: string,
		opening: Readonly<Record<string, number>>,
		logger: Logger,
		ctx: Context,
	): Promise<Ledger> {
		const file = await SharedFile.open(path, { name: "the ledger", tables, logger }, ctx);
		await file.write((database) => {
			const open = database.prepare("INSERT OR IGNORE INTO accounts VALUES (?, ?)");
			for (const [account, balance] of Object.entries(opening)) open.run(account, balance);
		}, ctx);
		return new Ledger(file);
	}

	/** The balance of an account. Undefined if there is no such account. */
	balance(account: string): number | undefined {
		const row = this.#file.database.prepare("SELECT balance FROM accounts WHERE account = ?").get(account);
		return row === undefined ? undefined : Number(row.balance);
	}

	/** Decides a movement, or returns the earlier decision. Undefined if there is no such account. */
	move(movement: Movement, ctx: Context): Promise<Decision | undefined> {
		return this.#file.write((database) => this.#known(movement.id) ?? this.#decide(database, movement), ctx);
	}

	[Symbol.dispose](): void {
		this.#file[Symbol.dispose]();
	}

	#known(id: string): Decision | undefined {
		const row = this.#file.database.prepare("SELECT * FROM movements WHERE id = ?").get(id);
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
