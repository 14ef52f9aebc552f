// A process that handles events until it is killed: node crash-worker.js <module> <url> <topic> <park> <ttlMs>
import { Context, type Logger } from "@allium/core";
import type { Deliver } from "@allium/core/event";
import { eventually, pause } from "../suite/eventually.ts";
import { type BrokerModule, crashGroup, poisonKey } from "./crash-event.ts";

const [module = "", url = "", topic = "", park = "", ttl = ""] = process.argv.slice(2);
const ttlMs = Number(ttl);

/** The share of handlers that take up to half of the time to live, and the share that fail. */
const [slow, failing] = [0.02, 0.03];
/** How long the other handlers take at most, in milliseconds. */
const quickMs = 5;

const error = { code: "unavailable", message: "this attempt fails" };

const deliver: Deliver = async ({ event, attempt }, ctx) => {
	await pause(Math.random() * (Math.random() < slow ? ttlMs / 2 : quickMs));
	if (event.key === poisonKey && event.id === `${poisonKey}-0`) {
		return attempt < 3 ? { do: "retry", afterMs: 50, blameless: false, error } : { do: "park", error };
	}
	if (ctx.error !== undefined || Math.random() < failing) {
		return { do: "retry", afterMs: 20 + Math.random() * 80, blameless: true, error };
	}
	// The clock of the machine, which all its processes share, in microseconds.
	console.log(`handled ${event.id} ${process.hrtime.bigint() / 1_000n}`);
	return { do: "done" };
};

/** Prints problems, so that the report of a run that loses an event shows what its workers knew. */
const logger: Logger = {
	log(level, message, fields) {
		if (level === "warn" || level === "error") console.log(`warned ${message} ${JSON.stringify(fields)}`);
	},
};

const adapter: BrokerModule = await import(module);
// A server that was killed just now does not answer yet.
const broker = await eventually(
	async () => {
		const opened = await adapter.broker(url, { ttlMs, logger });
		try {
			await opened.consume(
				crashGroup(topic, park === "key" ? "key" : "event"),
				deliver,
				Context.background(),
			);
			return opened;
		} catch (error) {
			await opened.close();
			throw error;
		}
	},
	{ patienceMs: 120_000, intervalMs: 100 },
);
process.once("SIGTERM", () => {
	void broker.close().then(() => process.exit());
});
console.log("ready");

// A harness that is killed cannot end its workers, so they end themselves.
const parent = process.ppid;
while (process.ppid === parent) await pause(1_000);
process.exit();
