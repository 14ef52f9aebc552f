import { ServerProcess } from "../pair.ts";
import { type Cell, rowsOf, type Sample } from "../results.ts";
import type { Run } from "../run.ts";
import type { Stack } from "../stack.ts";
import type { StackEntry } from "../stacks.ts";
import { wrk, wrkMissing } from "./wrk.ts";

const overHttp = [
	...["floor-http", "floor-http-net", "http", "rest", "gateway", "fastify", "hono", "orpc", "connect-http1"],
	...["floor-http-browser", "http-browser", "floor-https", "https"],
	...["gateway-silent", "gateway-given-id", "gateway-cors", "gateway-long", "gateway-gzip"],
];

/** The cost of a feature of the gateway: the stack with it, and the same without it. */
const costs: readonly (readonly [id: string, what: string, having: string, without: string])[] = [
	["access log", "the access log, to the null device", "gateway", "gateway-silent"],
	["request id", "a new id for a request instead of the client's", "gateway", "gateway-given-id"],
	["cors", "CORS, for a page of another origin", "gateway-cors", "gateway"],
	["gzip", "compressing an answer of 10 KB", "gateway-gzip", "gateway-long"],
];
const connections = 64;

/** The stacks that are called in another way, each beside bare `node:http` that is called the same way. */
const ratios: readonly (readonly [id: string, what: string, stack: string, floor: string])[] = [
	["most", "if nothing were checked, over bare net", "floor-http-net", "floor-http"],
	["browser", "with the headers of a browser", "http-browser", "floor-http-browser"],
	["tls", "over TLS", "https", "floor-https"],
];

/** An HTTP/1.1 server under load. */
interface Served extends Cell {
	readonly server: ServerProcess;
	readonly url: string;
	readonly body: string;
	readonly headers: Readonly<Record<string, string>>;
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
		for (const [id, what, stack, floor] of ratios) {
			const values = perRound(
				samplesOf(served, stack),
				samplesOf(served, floor),
				(own, bare) => own / bare,
				rate,
			);
			run.figure(
				"http",
				`http ${id} ratio`,
				`Connect JSON ${what}: calls/s`,
				"× bare, called the same way",
				values,
			);
		}
		for (const [id, what, having, without] of costs) {
			const values = perRound(
				samplesOf(served, having),
				samplesOf(served, without),
				(more, less) => more - less,
				serverMicroseconds,
			);
			run.figure("http", `gateway cost ${id}`, `gateway, processor time for ${what}`, "µs", values);
		}
	} finally {
		await Promise.all(served.map(({ server }) => server.stop()));
	}
}

async function start(run: Run, stack: StackEntry): Promise<Served | undefined> {
	try {
		const { default: loaded } = (await import(`../${stack.file}`)) as { default: Stack };
		if (loaded.http === undefined) throw new TypeError("it says no path of HTTP");
		const server = await ServerProcess.start({ file: stack.file, serves: true, pinned: run.pinned });
		const { path, body = '{"a":20,"b":22}', headers = {} } = loaded.http;
		const url = server.address + path;
		const what = { suite: "http", stack, name: loaded.name.replace(" + undici", ""), work: "sum" };
		return { ...what, concurrency: connections, server, url, body, headers, samples: [], failed: false };
	} catch (error) {
		run.failed("http", stack.id, error);
		return undefined;
	}
}

async function measure(run: Run, each: Served, seconds: number, counts: boolean): Promise<void> {
	const { server, url, body, headers, samples } = each;
	try {
		const before = await server.usage();
		const result = await wrk({ url, body, headers, connections, seconds, pinned: run.pinned });
		const serverCpuSeconds = (await server.usage()).cpuSeconds - before.cpuSeconds;
		// The cost of wrk itself is not measured.
		if (counts) samples.push({ ...result, cpuSeconds: 0, serverCpuSeconds });
	} catch (error) {
		each.failed = true;
		run.failed("http", each.stack.id, error);
	}
}

function samplesOf(served: readonly Served[], id: string): readonly Sample[] {
	return served.find(({ stack }) => stack.id === id)?.samples ?? [];
}

const rate = ({ calls, seconds }: Sample): number => calls / seconds;
const serverMicroseconds = ({ serverCpuSeconds, calls }: Sample): number => (serverCpuSeconds / calls) * 1e6;

/** Compares a figure of two stacks in each round. */
function perRound(
	one: readonly Sample[],
	other: readonly Sample[],
	compare: (one: number, other: number) => number,
	figure: (sample: Sample) => number,
): number[] {
	return one.flatMap((sample, round) => {
		const beside = other[round];
		return beside === undefined ? [] : [compare(figure(sample), figure(beside))];
	});
}
