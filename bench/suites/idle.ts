import { Child } from "../child.ts";
import type { Memory } from "../programs/idle.ts";
import type { Assignment, Ready } from "../protocol.ts";
import type { Run } from "../run.ts";

const kinds = {
	net: "connection of bare net",
	frames: "connection of frames",
	http: "connection of HTTP/1.1",
	"http-node": "connection of HTTP/1.1 that Node reads",
	websocket: "WebSocket",
	streams: "open stream over frames",
} as const;

/** The first ones load things once. That cost is not counted as theirs. */
const first = 100;

/** Measures the memory of idle connections and streams at both ends, and the rest of it when they have gone. */
export async function idle(run: Run): Promise<void> {
	const connections = run.options.quick ? 1_000 : 10_000;
	const all = Object.keys(kinds) as (keyof typeof kinds)[];
	for (const kind of run.options.quick ? (["net", "frames", "streams"] as const) : all) {
		const count = kind === "streams" ? connections * 10 : connections;
		run.progress("process", `${count.toLocaleString("en-US")} × ${kinds[kind]}`);
		try {
			await measure(run, kind, count);
		} catch (error) {
			run.failed("process", `${count} × ${kinds[kind]}`, error);
		}
	}
}

async function measure(run: Run, kind: keyof typeof kinds, count: number): Promise<void> {
	const program = "programs/idle.ts";
	const execArgv = ["--expose-gc"];
	const timeoutMs = 60_000;
	const assignment: Assignment = { file: "server", variant: kind, address: "" };
	const server = await Child.start<Ready>(program, assignment, {
		core: run.pinned ? "server" : "any",
		execArgv,
		timeoutMs,
	});
	try {
		const { address = "" } = server.ready;
		const client = await Child.start(
			program,
			{ ...assignment, file: "client", address },
			{ core: run.pinned ? "client" : "any", execArgv, timeoutMs },
		);
		try {
			const memory = (child: Child): Promise<Memory> => child.ask<Memory>({ type: "memory" });
			await client.child.ask({ type: "open", count: first });
			const before = [await memory(client.child), await memory(server.child)] as const;
			await client.child.ask({ type: "open", count: count - first });
			const after = [await memory(client.child), await memory(server.child)] as const;
			await client.child.stop();
			const left = await memory(server.child);
			const add = (side: string, bytes: number): void => {
				const what = `${count.toLocaleString("en-US")} × ${kinds[kind]}: ${side}`;
				run.figure("process", `idle ${kind} ${side}`, what, "KiB each", [bytes / (count - first) / 1024]);
			};
			add("resident at the client", after[0].rss - before[0].rss);
			add("resident at the server", after[1].rss - before[1].rss);
			add("in use at the server", after[1].heap - before[1].heap);
			add("in use at the server when all are gone", left.heap - before[1].heap);
		} finally {
			await client.child.stop();
		}
	} finally {
		await server.child.stop();
	}
}
