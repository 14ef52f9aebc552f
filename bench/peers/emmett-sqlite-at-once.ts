import { join } from "node:path";
import { getSQLiteEventStore } from "@event-driven-io/emmett-sqlite";
import type { OpenParts } from "../events/part.ts";
import { EmmettParts } from "./emmett-parts.ts";

/** Sixteen at once, in a process of their own: they find the file locked, and an error that nobody can catch ends the process. */
const emmett: OpenParts = async ({ url: folder }) => {
	const parts = new EmmettParts(getSQLiteEventStore({ fileName: join(folder, "emmett-at-once.db") }));
	return { parts: [parts.append(16)], close: async () => {} };
};

export default emmett;
