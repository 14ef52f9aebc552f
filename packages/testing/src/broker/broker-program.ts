// A process that works on the group of the suite of brokers until it ends: node broker-program.js <facts as JSON>
import { Context } from "@allium/core";
import type { BrokerModule } from "../crash/crash-event.ts";
import { pause } from "../suite/eventually.ts";
import type { ProgramFacts } from "./group-processes.ts";

const facts: ProgramFacts = JSON.parse(process.argv[2] ?? "");
const { module, url, spec, ttlMs, handleMs, clockMs, deadlyId } = facts;

const clock = Date.now;
Date.now = () => clock() + clockMs;

const adapter: BrokerModule = await import(module);
const broker = await adapter.broker(url, { ttlMs });
const ctx = Context.background();
await broker.consume(
	{ ...spec, from: "now" },
	async ({ event }, ctx) => {
		if (event.id === deadlyId) process.kill(process.pid, "SIGKILL");
		await pause(handleMs);
		if (ctx.error !== undefined) {
			const error = { code: "unavailable", message: "the lane is lost" };
			return { do: "retry", afterMs: 1, blameless: true, error };
		}
		// The clock of the machine, which all its processes share.
		console.log(`handled ${event.id} ${process.hrtime.bigint()}`);
		return { do: "done" };
	},
	ctx,
);
console.log("ready");

// A suite that is killed cannot end its processes, so they end themselves.
const parent = process.ppid;
while (process.ppid === parent) await pause(1_000);
process.exit();
