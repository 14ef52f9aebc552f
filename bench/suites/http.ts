import { ServerProcess } from "../pair.ts";
import { type Cell, rowsOf, type Sample } from "../results.ts";
import type { Run } from "../run.ts";
import type { Stack } from "../stack.ts";
import type { StackEntry } from "../stacks.ts";
import { wrk, wrkMissing } from "./wrk.ts";

const overHttp = ["floor-http", "http", "rest", "fastify", "hono", "orpc", "connect-http1"];
const connections = 64;

/** An HTTP/1.1 server under load. */
interface Served extends Cell {
	readonly server: ServerProcess;
	readonly url: string;
	readonly body: string;
	readonly samples: Sample[];
	failed: boolean;
}

/** Measures HTTP/1.1 servers alone, in turn, with a client that costs little. */
export async function http(run: Run): Promise<void> {
	const entries = run.stacks("http", overHttp);
	if (entries.length === 0) return;
	const missing = wrkMissing((line) => run.progress("http", line));
	if (missing !== undefined) return run.failed("http", "all servers", missing);
	run.progress("http", `starting ${entries.map(({ id }) => id).join(", ")}`);
	const served = (await Promise.all(entries.map((entry) => start(run, entry)))).filter(
		(each) => each !== undefined,
	);
	try {
		const { rounds, quick } = run.options;
		for (let round = quick ? 1 : 0; round <= (quick ? 1 : rounds); round++) {
			run.progress("http", round === 0 ? "warming up" : `round ${round} of ${quick ? 1 : rounds}`);
			for (const each of served) {
				if (!each.failed) await measure(run, each, round === 0 || quick ? 1 : 2, round > 0);
			}
		}
		run.rows.push(...rowsOf(served, "floor-http"));
	} finally {
		await Promise.all(served.map(({ server }) => server.stop()));
	}
}

async function start(run: Run, stack: StackEntry): Promise<Served | undefined> {
	try {
		const { default: loaded } = (await import(`../${stack.file}`)) as { default: Stack };
		if (loaded.http === undefined) throw new TypeError("it says no path of HTTP");
		const server = await ServerProcess.start({ file: stack.file, serves: true, pinned: run.pinned });
		const { path, body = '{"a":20,"b":22}' } = loaded.http;
		const url = server.address + path;
		const what = { suite: "http", stack, name: loaded.name.replace(" + undici", ""), work: "sum" };
		return { ...what, concurrency: connections, server, url, body, samples: [], failed: false };
	} catch (error) {
		run.failed("http", stack.id, error);
		return undefined;
	}
}

async function measure(run: Run, each: Served, seconds: number, counts: boolean): Promise<void> {
	const { server, url, body, samples } = each;
	try {
		const before = await server.usage();
		const result = await wrk({ url, body, connections, seconds, pinned: run.pinned });
		const serverCpuSeconds = (await server.usage()).cpuSeconds - before.cpuSeconds;
		// The cost of wrk itself is not measured.
		if (counts) samples.push({ ...result, cpuSeconds: 0, serverCpuSeconds });
	} catch (error) {
		each.failed = true;
		run.failed("http", each.stack.id, error);
	}
}
