import type { Measured } from "./protocol.ts";
import { percentile } from "./statistics.ts";

/** Runs several callers at once, numbered from 0. Each calls once at least, and again as soon as it has its answer. */
export async function callInLoops(
	call: (caller: number) => Promise<unknown>,
	concurrency: number,
	milliseconds: number,
): Promise<Measured> {
	const meter = new Meter();
	const end = performance.now() + milliseconds;
	const loop = async (caller: number): Promise<void> => {
		let now = performance.now();
		do {
			await call(caller);
			const after = performance.now();
			meter.add(after - now);
			now = after;
		} while (now < end);
	};
	await Promise.all(Array.from({ length: concurrency }, (_, caller) => loop(caller)));
	return meter.measured();
}

/**
 * Repeats a step that does several things in one go, such as a transaction or a page, once at least. Returns the rate
 * of the things.
 */
export async function repeat(step: () => number | Promise<number>, milliseconds: number): Promise<Measured> {
	const meter = new Meter();
	const end = performance.now() + milliseconds;
	let now = performance.now();
	do {
		const done = await step();
		const after = performance.now();
		meter.add(after - now, done);
		now = after;
	} while (now < end);
	return meter.measured();
}

/** Counts what is done, and measures what it takes. It starts when it is made. */
export class Meter {
	readonly #startedAt = performance.now();
	readonly #before = process.cpuUsage();
	readonly #latencies: number[] = [];
	#count = 0;

	/** @param latency In milliseconds. */
	add(latency: number, count = 1): void {
		this.#latencies.push(latency);
		this.#count += count;
	}

	measured(): Measured {
		const seconds = (performance.now() - this.#startedAt) / 1000;
		const { user, system } = process.cpuUsage(this.#before);
		const sorted = this.#latencies.sort((one, other) => one - other);
		return {
			calls: this.#count,
			seconds,
			p50us: percentile(sorted, 0.5) * 1000,
			p99us: percentile(sorted, 0.99) * 1000,
			cpuSeconds: (user + system) / 1e6,
		};
	}
}
