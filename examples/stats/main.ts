// The same program as one process or as two:
//   node main.ts together   adds in this process
//   node main.ts            adds wherever "add" is up
// What it measures is at /metrics; its traces go where OTEL_EXPORTER_OTLP_ENDPOINT says.
import { startTelemetry } from "@allium/telemetry";
import { allium, checker } from "allium";
import { Add } from "../addsvc/contract.ts";
import { addService } from "../addsvc/service.ts";
import { Stats } from "./contract.ts";
import { statsService } from "./service.ts";

await using telemetry = startTelemetry({ name: "stats" });
const app = allium({
	name: "stats",
	metrics: telemetry.prometheus,
	// The check is only reported: without its callee this process is as good as any other that serves stats.
	health: [
		checker("add", async (ctx) => void (await add.sum({ a: 1, b: 1 }, ctx)), {
			critical: false,
			everyMs: 2_000,
		}),
	],
});
const add = process.argv[2] === "together" ? addService : app.client(Add);

app.serve(Stats, statsService(add));
await app.run();
