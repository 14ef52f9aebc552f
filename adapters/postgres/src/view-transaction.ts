import type { Sql, SqlRow, SqlValue, ViewTransaction } from "@allium/core/store";
import { givesNoRows, runServiceSql } from "./service-sql.ts";
import type { Connection } from "./session.ts";

/** How many statements are under way at once at most: a handler may make any number of them. */
const mostUnderWay = 64;

/**
 * The transaction that the handlers of a view are given. It cannot be used after its end. A statement that gives no rows
 * is not waited for: it is sent with those that follow, in place of a round trip for each. The server runs them in order,
 * so that one that reads sees the rows that those before it wrote.
 */
export class PostgresViewTransaction implements ViewTransaction {
	readonly #connection: Connection;
	readonly #mark: string;
	#underWay: Promise<unknown>[] = [];
	isOver = false;

	constructor(connection: Connection, schema: string) {
		this.#connection = connection;
		this.#mark = markOf(schema);
	}

	readonly sql: Sql = async <Row extends SqlRow>(
		text: TemplateStringsArray,
		...values: readonly SqlValue[]
	): Promise<Row[]> => {
		if (this.isOver)
			throw new TypeError("the transaction of the event is over: await all that its handler does with it");
		const isAwaited = !givesNoRows(text);
		const running = runServiceSql<Row>(this.#connection, text, values, this.#mark);
		if (isAwaited) return running;
		running.catch(() => {});
		if (this.#underWay.push(running) >= mostUnderWay) await this.settled();
		return [];
	};

	readonly settled = async (): Promise<void> => {
		const underWay = this.#underWay;
		this.#underWay = [];
		await Promise.all(underWay);
	};
}

/** A statement is prepared for each build on its own: another build may have other columns. */
export function markOf(schema: string): string {
	return `\n/* ${schema} */`;
}
