import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";
import type { OpenParts } from "../events/part.ts";
import { EmmettParts } from "./emmett-parts.ts";

/** Emmett with its own pool, which has ten connections. */
const emmett: OpenParts = async ({ url }) => {
	const store = getPostgreSQLEventStore(url);
	await store.schema.migrate();
	const parts = new EmmettParts(store);
	return {
		parts: [parts.append(16), await parts.load(), parts.commands(16)],
		close: () => store.close(),
	};
};

export default emmett;
