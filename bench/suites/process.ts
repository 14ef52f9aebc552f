import { Pair } from "../pair.ts";
import type { Run } from "../run.ts";
import { stacks } from "../stacks.ts";
import { coldStart } from "./cold-start.ts";
import { idle } from "./idle.ts";

/** Measures the cost of a process: at its start, after load, and with idle connections. */
export async function processes(run: Run): Promise<void> {
	await coldStart(run);
	await residentAfterLoad(run);
	await idle(run);
}

/** The resident memory of both ends after calls of every size. Each measurement uses new processes. */
async function residentAfterLoad(run: Run): Promise<void> {
	const { quick, milliseconds } = run.options;
	const times = quick ? 1 : 3;
	for (const { id, file, serves } of stacks.filter((stack) => ["floor-net", "frames"].includes(stack.id))) {
		const client: number[] = [];
		const server: number[] = [];
		for (let time = 1; time <= times; time++) {
			run.progress("process", `memory of ${id} after load, ${time} of ${times}`);
			const pair = await Pair.start({ file, serves, pinned: run.pinned });
			try {
				for (const work of ["sum", "concat 10 KB", "sum"] as const) {
					await pair.measure({ type: "calls", work, concurrency: 64, milliseconds: 2 * milliseconds });
				}
				const usage = await pair.usage();
				client.push(usage.client.rssBytes / 2 ** 20);
				server.push((usage.server?.rssBytes ?? Number.NaN) / 2 ** 20);
			} finally {
				await pair.stop();
			}
		}
		run.figure("process", `rss ${id}`, `resident memory after load: server of ${id}`, "MiB", server);
		run.figure("process", `rss client ${id}`, `resident memory after load: client of ${id}`, "MiB", client);
	}
}
