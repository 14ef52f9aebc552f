import { commands, type EventStore, load, type Service } from "allium";
import { type Transfer, Transfers } from "./contract.ts";
import { transfers } from "./transfers.ts";

/** Takes orders, and returns their state. */
export function transfersService(store: EventStore): Service<typeof Transfers> {
	return {
		...commands(store, transfers, {
			request: ({ transfer }, order): Transfer => transfer ?? { ...order, state: "requested" },
		}),
		async get({ id }, ctx) {
			const { transfer } = (await load(store, transfers, id, ctx)).state;
			if (transfer === undefined) throw Transfers.get.error.unknown_transfer();
			return transfer;
		},
	};
}
