import { join } from "node:path";
import { getSQLiteEventStore } from "@event-driven-io/emmett-sqlite";
import type { OpenParts } from "../events/part.ts";
import { EmmettParts } from "./emmett-parts.ts";

/** Emmett on a file of SQLite. It opens a connection for each operation. */
const emmett: OpenParts = async ({ url: folder }) => {
	const parts = new EmmettParts(getSQLiteEventStore({ fileName: join(folder, "emmett.db") }));
	// Even one at once is refused now and then: "cannot commit transaction - SQL statements in progress".
	return { parts: [parts.append(1, { isRetried: true }), await parts.load()], close: async () => {} };
};

export default emmett;
