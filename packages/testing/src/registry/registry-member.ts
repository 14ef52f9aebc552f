// A process that registers an instance, keeps it registered and watches, for the registry suite:
// node registry-member.js <module> <url> <id> <ttlMs> <skewMs>
import { Context, type Registry, silentLogger } from "@allium/core";
import { keepRegistered } from "@allium/core/registry";
import { eventually } from "../suite/eventually.ts";
import { instance } from "./cart-instance.ts";

const [module = "", url = "", id = "", ttlMs = "", skewMs = ""] = process.argv.slice(2);

/** The clock of this process is off by the skew. */
const trueNow = Date.now.bind(Date);
Date.now = () => trueNow() + Number(skewMs);

interface Adapter {
	registry(url: string, options: { readonly ttlMs: number }): Registry | Promise<Registry>;
}

const adapter: Adapter = await import(module);
// A busy machine answers late.
const patient = { patienceMs: 60_000, intervalMs: 100 };
const registry = await eventually(() => adapter.registry(url, { ttlMs: Number(ttlMs) }), patient);
const registered = instance(id, { startedAt: new Date(Date.now()).toISOString() });
await eventually(() => keepRegistered(registry, registered, { logger: silentLogger }), patient);
console.log("registered");
for await (const event of registry.watch({}, Context.background())) {
	const told = event.type === "snapshot" ? event.instances : [event.instance];
	console.log([event.type, ...told.map(({ id }) => id).sort()].join(" "));
}
