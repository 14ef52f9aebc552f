import type { Context, Delivery, ProjectionReader } from "allium";
import type { Entry } from "../feed-generator/contract.ts";

/** The entries of accounts, as the feed reads them. */
export interface Entries {
	/** The newest, newest first. */
	latest(account: string, limit: number, ctx: Context): Promise<Entry[]>;
	/** Those behind a position, oldest first, a hundred at most. */
	after(account: string, position: number, ctx: Context): Promise<Entry[]>;
	/** The entry that an event of the ledger made. */
	of(account: string, event: Delivery, ctx: Context): Promise<Entry | undefined>;
}

/** Reads entries from their view. */
export function entriesIn({ query, reached }: ProjectionReader): Entries {
	return {
		async latest(account, limit, ctx) {
			const rows = await query(ctx)<Row>`SELECT * FROM entries WHERE account = ${account}
				ORDER BY position DESC LIMIT ${limit}`;
			return rows.map(entryOf);
		},
		async after(account, position, ctx) {
			const rows = await query(
				ctx,
			)<Row>`SELECT * FROM entries WHERE account = ${account} AND position > ${position}
				ORDER BY position LIMIT 100`;
			return rows.map(entryOf);
		},
		async of(account, { id, topic, lane, position }, ctx) {
			await reached({ id, topic, lane, cursor: position }, ctx);
			const rows = await query(ctx)<Row>`SELECT * FROM entries WHERE account = ${account} AND event = ${id}`;
			return rows.map(entryOf)[0];
		},
	};
}

/** PostgreSQL has large integers as text. */
type Whole = number | string;

type Row = {
	readonly id: string;
	readonly account: string;
	readonly position: Whole;
	readonly change: Whole;
	readonly balance: Whole;
	readonly merchant: string;
	readonly other: string;
	readonly at: string;
};

function entryOf({ id, account, at, merchant, other, ...numbers }: Row): Entry {
	const [position, change, balance] = [numbers.position, numbers.change, numbers.balance].map(Number);
	return {
		id,
		account,
		at,
		position: position ?? 0,
		change: change ?? 0,
		balance: balance ?? 0,
		...(merchant !== "" && { merchant }),
		...(other !== "" && { other }),
	};
}
