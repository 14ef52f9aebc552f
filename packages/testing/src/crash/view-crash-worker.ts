// A process that projects views until it is killed: node view-crash-worker.js <module> <url> <topic> <ttlMs>
import { Context, type Logger } from "@allium/core";
import type { ViewHost } from "@allium/events";
import { pause } from "../suite/eventually.ts";
import { crashLanes, crashViews, type ViewCrashModule } from "./crash-views.ts";

const [module = "", url = "", topic = "", ttl = ""] = process.argv.slice(2);

// A harness that is killed cannot end its workers, so they end themselves.
const parent = process.ppid;

/** Prints which views this process works on, and why one of them stops. */
const logger: Logger = {
	log(level, message, fields = {}) {
		if (message === "this process works on a view") console.log(`holds ${fields.name}`);
		else if (level === "warn" || level === "error") console.log(`warned ${message} ${fields.error}`);
	},
};

const adapter: ViewCrashModule = await import(module);
const { log } = await adapter.eventStore(url, {});
const store = await adapter.viewStore(url);
const host: ViewHost = {
	store,
	logger,
	ttlMs: Number(ttl),
	open: async (name, ctx) => ({ topic: await log.open(name, { lanes: crashLanes }, ctx) }),
};
const { rows, documents } = crashViews(topic);
const running = [rows["~allium"].run(host), documents["~allium"].run(host)];
await Promise.all(running.map((view) => view.start(Context.background().withTimeout(30_000))));
process.once("SIGTERM", () => {
	void Promise.all(running.map((view) => view.stop())).then(() => process.exit());
});
console.log("ready");
while (process.ppid === parent) await pause(200);
process.exit();
