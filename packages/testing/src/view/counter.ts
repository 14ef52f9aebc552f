// A process that counts in a document, one change each, and says how far it has come, until the suite of view stores kills
// it: node counter.js <module> <url>
import { Context } from "@allium/core";
import { cursorAt } from "@allium/core/event";
import type { ViewStoreModule } from "./view-lab.ts";

const [module = "", url = ""] = process.argv.slice(2);

// A harness that is killed cannot end its counters, so they end themselves.
const parent = process.ppid;

const board = { name: "board", version: 1 };
const ctx = Context.background();
const adapter: ViewStoreModule = await import(module);
const store = await adapter.viewStore(url);
const { builds } = await store.open({ ...board, shape: "board" }, ctx);
const build = store.build({ ...board, build: 1 });
const lease = await build.claim(String(process.pid), builds[0]?.epoch ?? 0, ctx);
if (lease === undefined) throw new Error("another process counts");
const [text = "0"] = (await build.get(["count"], ctx)).values();
for (let count = Number(text) + 1; process.ppid === parent; count++) {
	const places = new Map([["matches", new Map([[0, cursorAt(count, `event-${count}`)]])]]);
	const counted = { key: "count", text: String(count), fields: { parity: String(count % 2) } };
	const documents = new Map([["count", counted]]);
	await build.apply(lease, async () => ({ places, documents }), ctx);
	console.log(`counted ${count}`);
}
process.exit();
