// A process that forwards events from an event store to a broker until it is killed:
// node relay-crash-worker.js <store module> <store url> <broker module> <broker url> <topic> <ttlMs>
import { Context, silentLogger } from "@allium/core";
import { Relay } from "@allium/core/event";
import { eventually, pause } from "../suite/eventually.ts";
import type { BrokerModule } from "./crash-event.ts";
import { happenedContract } from "./happened.ts";

const [storeModule = "", storeUrl = "", brokerModule = "", brokerUrl = "", topic = "", ttl = ""] =
	process.argv.slice(2);

// A harness that is killed cannot end its workers, so they end themselves.
const parent = process.ppid;

async function open(module: string, url: string) {
	const adapter: BrokerModule = await import(module);
	return adapter.broker(url, { ttlMs: Number(ttl) });
}

/** Begins to forward. If a server does not answer yet, nothing stays open. */
async function begin() {
	const source = await open(storeModule, storeUrl);
	try {
		const target = await open(brokerModule, brokerUrl);
		try {
			const relay = new Relay({ contract: happenedContract(topic), source, target, logger: silentLogger });
			const { consumer } = await relay.begin(Context.background().withTimeout(10_000));
			return { source, target, consumer };
		} catch (error) {
			await target.close();
			throw error;
		}
	} catch (error) {
		await source.close();
		throw error;
	}
}

const { source, target, consumer } = await eventually(begin, { patienceMs: 120_000, intervalMs: 100 });
process.once("SIGTERM", () => {
	const ended = consumer.drain(Context.background().withTimeout(10_000));
	void ended
		.then(() => Promise.all([source.close(), target.close()]))
		.then(
			() => process.exit(),
			() => process.exit(1),
		);
});
console.log("ready");
while (process.ppid === parent) await pause(200);
process.exit();
