import { Pair } from "../pair.ts";
import type { Work } from "../protocol.ts";
import { type Cell, rowsOf, type Sample } from "../results.ts";
import type { Run } from "../run.ts";
import type { StackEntry } from "../stacks.ts";

/** How long to warm up each stack at each work and concurrency, in milliseconds. */
const warmUpMs = 300;

/** A running stack. */
export interface Running {
	readonly stack: StackEntry;
	readonly pair: Pair;
}

/** Measures calls between two processes: every stack at every work and concurrency, in turn. */
export async function rpc(run: Run): Promise<void> {
	const { works, concurrencies, rounds, milliseconds } = run.options;
	const warmUp = run.options.quick ? warmUpMs / 2 : warmUpMs;
	const running = await startPairs(run, "rpc", run.stacks("rpc"));
	try {
		const cells = works.flatMap((work) =>
			concurrencies.flatMap((concurrency) =>
				running.map(({ stack, pair }) => new MeasuredCell(stack, pair, work, concurrency)),
			),
		);
		const failed = new Set<Pair>();
		for (let round = 0; round <= rounds; round++) {
			run.progress("rpc", round === 0 ? "warming up" : `round ${round} of ${rounds}`);
			for (const cell of cells) {
				if (failed.has(cell.pair)) continue;
				const full = cell.work === "sum" ? milliseconds : milliseconds / 2;
				try {
					await cell.measure(round === 0 ? warmUp : full, round > 0);
				} catch (error) {
					failed.add(cell.pair);
					run.failed("rpc", `${cell.stack.id}, ${cell.work} at ${cell.concurrency}`, error);
				}
			}
		}
		run.rows.push(...rowsOf(cells, "floor-net"));
	} finally {
		await Promise.all(running.map(({ pair }) => pair.stop()));
	}
}

/** Starts all stacks at once, and reports those that do not start. */
export async function startPairs(
	run: Run,
	suite: string,
	entries: readonly StackEntry[],
): Promise<Running[]> {
	run.progress(suite, `starting ${entries.map(({ id }) => id).join(", ")}`);
	const started = await Promise.all(
		entries.map(async (stack) => {
			try {
				const { file, serves } = stack;
				return { stack, pair: await Pair.start({ file, serves, pinned: run.pinned }) };
			} catch (error) {
				run.failed(suite, stack.id, error);
				return undefined;
			}
		}),
	);
	return started.filter((running) => running !== undefined);
}

/** One stack at one work. */
class MeasuredCell implements Cell {
	readonly suite = "rpc";
	readonly stack: StackEntry;
	readonly pair: Pair;
	readonly work: Work;
	readonly concurrency: number;
	readonly samples: Sample[] = [];

	constructor(stack: StackEntry, pair: Pair, work: Work, concurrency: number) {
		this.stack = stack;
		this.pair = pair;
		this.work = work;
		this.concurrency = concurrency;
	}

	get name(): string {
		return this.pair.name;
	}

	async measure(milliseconds: number, counts: boolean): Promise<void> {
		const { work, concurrency } = this;
		const sample = await this.pair.measure({ type: "calls", work, concurrency, milliseconds });
		if (counts) this.samples.push(sample);
	}
}
