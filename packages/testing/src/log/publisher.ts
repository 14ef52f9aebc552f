// A process that publishes groups of four events until it is killed, for the suite of logs:
// node publisher.js <module> <url> <topic> <name>
import { Context } from "@allium/core";
import type { Broker } from "@allium/core/event";
import { batchOf } from "./match-event.ts";

const [module = "", url = "", topicName = "", name = ""] = process.argv.slice(2);

interface Adapter {
	broker(url: string, options: object): Broker | Promise<Broker>;
}

const adapter: Adapter = await import(module);
const { log } = await adapter.broker(url, {});
if (log === undefined) throw new Error("the broker has no log");
const ctx = Context.background();
const topic = await log.open(topicName, {}, ctx);
for (let batch = 0; ; batch++) {
	await topic.append(batchOf(name, batch), ctx);
	console.log(`acknowledged ${batch}`);
}
