import { on, projection } from "allium";
import { Balance } from "../balance/contract.ts";

/** The target of an entry: the transaction of the view, and the event that it comes from. */
type Target = Parameters<NonNullable<Parameters<typeof on<typeof Balance>>[1]["debited"]>>;

interface Movement {
	readonly id: string;
	readonly account: string;
	readonly merchant?: string | undefined;
	readonly other?: string | undefined;
}

/** The movements on each account, in order, with the balance after each: made of the events of the ledger alone. */
export const feedView = projection(
	"feed",
	{
		version: 1,
		tables: `
			CREATE TABLE accounts (account TEXT PRIMARY KEY, position BIGINT NOT NULL, balance BIGINT NOT NULL);
			CREATE TABLE entries (
				account TEXT NOT NULL, position BIGINT NOT NULL, event TEXT NOT NULL, id TEXT NOT NULL,
				change BIGINT NOT NULL, balance BIGINT NOT NULL, merchant TEXT, other TEXT, at TEXT NOT NULL,
				PRIMARY KEY (account, position)
			)`,
	},
	on(Balance, {
		opened: ({ account, amount }, tx) => tx.sql`INSERT INTO accounts VALUES (${account}, 0, ${amount})`,
		debited: (movement, tx, event) => enter(movement, -movement.amount, tx, event),
		credited: (movement, tx, event) => enter(movement, movement.amount, tx, event),
	}),
);

async function enter(
	{ account, id, merchant = "", other = "" }: Movement,
	change: number,
	{ sql }: Target[1],
	{ id: event, time }: Target[2],
): Promise<void> {
	await sql`UPDATE accounts SET position = position + 1, balance = balance + ${change} WHERE account = ${account}`;
	await sql`INSERT INTO entries
		SELECT account, position, ${event}, ${id}, CAST(${change} AS BIGINT), balance, ${merchant}, ${other}, ${time.toISOString()}
		FROM accounts WHERE account = ${account}`;
}
