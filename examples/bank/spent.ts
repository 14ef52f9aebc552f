import { eventStore } from "@allium/sqlite";
import { Context } from "allium";
import { MovementId } from "./money.ts";

/** For tests: the ids of all debits of an account, as an event store has them. */
export async function spent(url: string, account: string): Promise<string[]> {
	const store = await eventStore(url);
	const ctx = Context.background().withTimeout(60_000);
	const ids: string[] = [];
	try {
		for (let after = 0, more = true; more; ) {
			const page = await store.read(`balance/${account}`, { after }, ctx);
			for (const { event, version } of page.events) {
				after = version;
				if (event.type === "balance.debited") ids.push(MovementId.parse(Object(event.data).id));
			}
			more = page.more;
		}
	} finally {
		await store.close();
	}
	return ids;
}
