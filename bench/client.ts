// One client process of the benchmark: drives a stack in a closed loop, and says what it measured.
import type { Assignment, Load, Measured } from "./protocol.ts";
import type { Stack, Sum } from "./stack.ts";

const { stack: file, address = "" } = JSON.parse(process.argv[2] ?? "{}") as Assignment;
const { default: stack } = (await import(`./stacks/${file}`)) as { default: Stack };
const client = await stack.connect(address);

process.on("message", async (load: Load) => process.send?.(await measure(client.sum, load)));
process.on("disconnect", async () => {
	await client.close();
	process.exit();
});
process.send?.({ ready: true });

/** So many callers at once, each calling again as soon as it has its answer. */
async function measure(sum: Sum, { concurrency, milliseconds }: Load): Promise<Measured> {
	const latencies: number[] = [];
	const before = process.cpuUsage();
	const start = performance.now();
	const end = start + milliseconds;
	const caller = async (): Promise<void> => {
		for (let now = performance.now(); now < end; ) {
			const { v } = await sum({ a: 20, b: 22 });
			if (v !== 42) throw new Error(`wrong answer: ${v}`);
			const after = performance.now();
			latencies.push(after - now);
			now = after;
		}
	};
	await Promise.all(Array.from({ length: concurrency }, caller));
	const seconds = (performance.now() - start) / 1000;
	const { user, system } = process.cpuUsage(before);
	latencies.sort((one, other) => one - other);
	const percentile = (share: number): number => (latencies[Math.floor(latencies.length * share)] ?? 0) * 1000;
	return {
		calls: latencies.length,
		seconds,
		p50us: percentile(0.5),
		p99us: percentile(0.99),
		cpuSeconds: (user + system) / 1e6,
	};
}
