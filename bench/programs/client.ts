// One client process of the benchmark. It runs a stack in a closed loop, and reports its measurements.
import { callInLoops } from "../closed-loop.ts";
import type { Measured, Ready, Task, Work } from "../protocol.ts";
import type { Calls, Stack } from "../stack.ts";
import { usage } from "../usage.ts";
import { answerParent, assignment } from "./serving.ts";

await answerParent(async () => {
	const { file, variant, address } = assignment();
	const { default: stack } = (await import(`../${file}`)) as { default: Stack };
	const calls = await stack.connect(address, variant);
	const offers = (["sum", "concat", "count"] as const).filter((work) => calls[work] !== undefined);
	const ready: Ready = { name: stack.name, offers };
	const answer = (task: Task): unknown => {
		if (task.type === "usage") return usage();
		if (task.type === "stream") return readStream(calls, task.messages);
		return callInLoops(caller(calls, task.work), task.concurrency, task.milliseconds);
	};
	return { ready, answer, close: () => calls.close() };
});

/** Makes one call of a kind, and checks its answer. */
function caller({ sum, concat }: Calls, work: Work): () => Promise<void> {
	if (work === "sum" && sum !== undefined) {
		return async () => {
			const { v } = await sum({ a: 20, b: 22 });
			if (v !== 42) throw new Error(`wrong answer: ${v}`);
		};
	}
	if (work === "sum" || concat === undefined) throw new TypeError(`this stack has no ${work}`);
	const half = "x".repeat(work === "concat 10 KB" ? 5_000 : 50);
	return async () => {
		const { v } = await concat({ a: half, b: half });
		if (v.length !== 2 * half.length) throw new Error(`wrong answer: ${v.length} characters`);
	};
}

/** Reads one stream as fast as it arrives. The latency is that of the whole stream. */
async function readStream({ count }: Calls, messages: number): Promise<Measured> {
	if (count === undefined) throw new TypeError("this stack has no stream");
	const before = process.cpuUsage();
	const start = performance.now();
	const came = await count(messages);
	const seconds = (performance.now() - start) / 1000;
	if (came !== messages) throw new Error(`${came} messages came instead of ${messages}`);
	const { user, system } = process.cpuUsage(before);
	const whole = seconds * 1e6;
	return { calls: messages, seconds, p50us: whole, p99us: whole, cpuSeconds: (user + system) / 1e6 };
}
