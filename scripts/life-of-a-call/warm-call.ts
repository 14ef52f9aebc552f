// Makes calls when everything is warm, and prints the functions that V8 counted in the shortest of them, as JSON: a timer
// may come in between. The argument is the scheme of the transport: `allium` for frames, or `http`.
import { type Profiler, Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import { Context, contract, createClient, Endpoints, method } from "@allium/core";
import { frames, http, nodeTransports } from "@allium/node";
import { z } from "zod";
import { root } from "../workspace/root.ts";
import type { CountedFunction } from "./counted-function.ts";

const scheme = process.argv[2] ?? "allium";
const Add = contract("add", {
	sum: method({
		input: z.object({ a: z.int(), b: z.int() }),
		output: z.object({ v: z.int() }),
		effect: "read",
	}),
});
const endpoints = new Endpoints();
endpoints.serve(Add, {
	async sum({ a, b }) {
		return { v: a + b };
	},
});
const listener = await (scheme === "http" ? http() : frames()).listen(endpoints, {});
const url = listener.addresses.find((address) => address.startsWith(`${scheme}:`)) as string;
const add = createClient(Add, { url, transports: nodeTransports({ tls: undefined }) });
const ctx = Context.background();
for (let n = 0; n < 50; n++) await add.sum({ a: 1, b: n }, ctx);

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
const calls: CountedFunction[][] = [];
for (let n = 0; n < 5; n++) {
	// A head that is the same as the one before is not read again.
	await add.sum({ a: 1, b: 49 }, ctx);
	await session.post("Profiler.takePreciseCoverage");
	await add.sum({ a: 1, b: 2 }, ctx);
	const { result } = await session.post("Profiler.takePreciseCoverage");
	calls.push(result.flatMap(counted));
}
calls.sort((one, other) => entriesOf(one) - entriesOf(other));
console.log(JSON.stringify(calls[0]));
await add[Symbol.asyncDispose]();
await listener.close();

function entriesOf(functions: readonly CountedFunction[]): number {
	return functions.reduce((sum, { count }) => sum + count, 0);
}

/** The functions of a file of the packages. Those that did not run are among them. */
function counted({ url, functions }: Profiler.ScriptCoverage): CountedFunction[] {
	if (!url.startsWith("file:")) return [];
	const file = fileURLToPath(url);
	const packages = `${root}/packages/`;
	if (!file.startsWith(packages)) return [];
	return functions.flatMap(({ functionName, ranges: [range] }) => {
		// The module itself counts as a function that begins where its file does.
		if (range === undefined || (functionName === "" && range.startOffset === 0)) return [];
		const { startOffset: start, endOffset: end, count } = range;
		return [{ file: file.slice(root.length + 1), name: functionName, start, end, count }];
	});
}
