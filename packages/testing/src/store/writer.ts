// A process that appends to two streams at once until it is killed, for the suite of event stores and for crash tests:
// node writer.js <module> <url> <name> <prefix>
import { Context } from "@allium/core";
import { pause } from "../suite/eventually.ts";
import { deposits, type EventStoreModule } from "./account-event.ts";

const [module = "", url = "", name = "", prefix = ""] = process.argv.slice(2);

// A harness that is killed cannot end its writers, so they end themselves.
const parent = process.ppid;

const adapter: EventStoreModule = await import(module);
const store = await adapter.eventStore(url, {});
const ctx = Context.background();
console.log(`identity ${await store.identity(ctx)}`);
for (let call = 0; process.ppid === parent; call++) {
	const outcome = { id: `${name}-${call}`, fingerprint: name, text: String(call), keepMs: 3_600_000 };
	for (;;) {
		try {
			await store.append(deposits(name, call, prefix), ctx.withTimeout(10_000), outcome);
			break;
		} catch (error) {
			// An append whose reply was lost is done. One that failed is tried again.
			if ((error as { readonly reason?: unknown }).reason === "outcome_known") break;
			await pause(20);
		}
	}
	console.log(`acknowledged ${call}`);
}
process.exit();
