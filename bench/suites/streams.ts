import { type Cell, rowsOf, type Sample } from "../results.ts";
import type { Run } from "../run.ts";
import { startPairs } from "./rpc.ts";

const streaming = [
	"floor-net",
	"floor-json",
	"frames-bare",
	"frames",
	"http",
	"memory",
	"grpc",
	"connect-http2",
	"connect-http1",
];

/** How many streams each stack sends before any is measured. One stream is not enough for the compiler. */
const warmUps = 4;

/** Measures one server stream of small messages at a time, as fast as it goes. */
export async function streams(run: Run): Promise<void> {
	const messages = run.options.quick ? 20_000 : 100_000;
	const { rounds } = run.options;
	const running = await startPairs(run, "streams", run.stacks("streams", streaming));
	try {
		const cells = running.map(({ stack, pair }) => {
			const cell = { suite: "streams", stack, name: pair.name, work: "stream", concurrency: 1 };
			return { ...cell, pair, samples: [] as Sample[], failed: false };
		});
		for (let round = 1 - warmUps; round <= rounds; round++) {
			run.progress("streams", round <= 0 ? "warming up" : `round ${round} of ${rounds}`);
			for (const cell of cells) {
				if (cell.failed) continue;
				try {
					const sample = await cell.pair.measure({ type: "stream", messages });
					if (round > 0) cell.samples.push(sample);
				} catch (error) {
					cell.failed = true;
					run.failed("streams", cell.stack.id, error);
				}
			}
		}
		run.rows.push(...rowsOf(cells satisfies Cell[], "floor-net"));
	} finally {
		await Promise.all(running.map(({ pair }) => pair.stop()));
	}
}
