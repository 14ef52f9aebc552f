import { Pair } from "../pair.ts";
import type { Run } from "../run.ts";
import type { Size } from "../stacks/growth.ts";
import { gatewayGrowth } from "./gateway-growth.ts";

const one: Size = { instances: 1, methods: 1, services: 1 };

const sizes: Readonly<Record<keyof Size, readonly number[]>> = {
	instances: [1, 10, 100, 1_000],
	methods: [1, 50, 500],
	services: [1, 100, 10_000],
};

const concurrency = 64;

/** One size of one dimension. */
interface Grown {
	readonly dimension: string;
	readonly size: number;
	readonly pair: Pair;
	readonly rates: number[];
	readonly p99us: number[];
	/** The processor time of a call, of both sides together. */
	readonly cpuUs: number[];
}

/** Measures the cost of many instances, methods and services. */
export async function growth(run: Run): Promise<void> {
	await callGrowth(run);
	await gatewayGrowth(run);
}

/** Calls over frames with a large number of one thing. */
async function callGrowth(run: Run): Promise<void> {
	const grown = await startAll(run);
	try {
		const { rounds, quick, milliseconds } = run.options;
		for (let round = 0; round <= rounds; round++) {
			run.progress("growth", round === 0 ? "warming up" : `round ${round} of ${rounds}`);
			// The warm-up is long, because all variants run the same code.
			const time = round === 0 ? (quick ? 300 : 1_000) : milliseconds;
			for (const { pair, rates, p99us, cpuUs } of grown) {
				const task = { type: "calls", work: "sum", concurrency, milliseconds: time } as const;
				const measured = await pair.measure(task);
				if (round === 0) continue;
				rates.push(measured.calls / measured.seconds);
				p99us.push(measured.p99us);
				cpuUs.push(((measured.cpuSeconds + measured.serverCpuSeconds) / measured.calls) * 1e6);
			}
		}
		for (const { dimension, size, rates, p99us, cpuUs } of grown) {
			const what = `${size.toLocaleString("en-US")} ${dimension}, ${concurrency} at once`;
			run.figure("growth", `growth ${dimension} calls ${size}`, what, "calls/s", rates);
			run.figure("growth", `growth ${dimension} p99 ${size}`, `${what}: p99`, "µs", p99us);
			const cpu = `${what}: CPU per call, client + server`;
			run.figure("growth", `growth ${dimension} cpu ${size}`, cpu, "µs", cpuUs);
		}
	} finally {
		await Promise.all(grown.map(({ pair }) => pair.stop()));
	}
}

async function startAll(run: Run): Promise<Grown[]> {
	run.progress("growth", "starting services of every size");
	const { pinned } = run;
	const wanted = Object.entries(sizes).flatMap(([dimension, all]) => {
		const chosen = run.options.quick ? [all[0] as number, all.at(-1) as number] : all;
		return chosen.map((size) => ({ dimension, size }));
	});
	const started = await Promise.all(
		wanted.map(async ({ dimension, size }): Promise<Grown | undefined> => {
			try {
				const variant = JSON.stringify({ ...one, [dimension]: size });
				const pair = await Pair.start({ file: "stacks/growth.ts", variant, serves: true, pinned });
				return { dimension, size, pair, rates: [], p99us: [], cpuUs: [] };
			} catch (error) {
				run.failed("growth", `${size} ${dimension}`, error);
				return undefined;
			}
		}),
	);
	return started.filter((each) => each !== undefined);
}
