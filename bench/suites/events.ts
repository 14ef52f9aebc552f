import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	natsServer,
	postgresServer,
	type ServerName,
	type ServerOptions,
	type ServerProcess,
	serverProgram,
	startServer,
} from "@allium/testing/servers";
import { Child } from "../child.ts";
import type { PartFacts } from "../events/part.ts";
import { PartRounds } from "../events/part-rounds.ts";
import { Pair } from "../pair.ts";
import type { EventsAssignment, EventsTask } from "../programs/events.ts";
import type { Measured } from "../protocol.ts";
import type { Run } from "../run.ts";
import { million } from "./million.ts";

/** What is measured in a process of its own. */
interface Backend {
	readonly id: string;
	readonly name: string;
	readonly file: string;
	readonly server: "postgres" | "nats" | "redis" | undefined;
	/** How many wait before handling is measured, as a share of those of ours. */
	readonly backlog: number;
	/** Whether it needs the packages in `peers/node_modules`. */
	readonly isPeer: boolean;
}

const ours = { backlog: 1, isPeer: false };
const peer = { backlog: 0.15, isPeer: true };

const backends: readonly Backend[] = [
	{ ...ours, id: "sqlite", name: "SQLite", file: "events/sqlite.ts", server: undefined },
	{ ...ours, id: "postgres", name: "PostgreSQL", file: "events/postgres.ts", server: "postgres" },
	{ ...ours, id: "nats", name: "NATS", file: "events/nats.ts", server: "nats" },
	{ ...peer, id: "bullmq", name: "Redis", file: "peers/bullmq.ts", server: "redis" },
	{ ...peer, id: "pg-boss", name: "PostgreSQL", file: "peers/pg-boss.ts", server: "postgres" },
	{ ...peer, id: "graphile", name: "PostgreSQL", file: "peers/graphile-worker.ts", server: "postgres" },
];

/** How many events wait before handling is measured, for each millisecond that a measurement takes. */
const backlogPerMs = 20;

/** Publishing, reading and handling on every backend, beside its bare floor and beside queues of jobs. */
export async function events(run: Run): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "allium-events-"));
	const servers = new Servers(run.pinned);
	const running: RunningBackend[] = [];
	try {
		for (const backend of backends) {
			run.progress("events", `starting ${backend.id}`);
			try {
				if (backend.isPeer) run.requirePeers();
				const url = backend.server === undefined ? folder : await servers.url(backend.server);
				running.push(await RunningBackend.start(run, backend, url));
			} catch (error) {
				run.failed("events", backend.id, error);
			}
		}
		await measure(run, running);
		for (const each of running) each.report();
	} finally {
		await Promise.all(running.map((each) => each.stop()));
		await servers.close();
		rmSync(folder, { recursive: true, force: true });
	}
	if (run.options.million) await million(run);
}

async function measure(run: Run, running: readonly RunningBackend[]): Promise<void> {
	const { rounds, milliseconds } = run.options;
	const frames = await Pair.start({ file: "stacks/frames.ts", serves: true, pinned: run.pinned });
	const calls: number[] = [];
	try {
		for (let round = 0; round <= rounds; round++) {
			run.progress("events", round === 0 ? "warming up" : `round ${round} of ${rounds}`);
			for (const each of running) await each.measure(milliseconds, round > 0);
			const measured = await frames.measure({ type: "calls", work: "sum", concurrency: 64, milliseconds });
			if (round > 0) calls.push((measured.cpuSeconds / measured.calls) * 1e6);
		}
	} finally {
		await frames.stop();
	}
	const what = "a call over frames, 64 at once: processor time of the caller";
	run.figure("events", "events frames cpu", what, "µs", calls);
}

/** A backend that is being measured. */
class RunningBackend {
	readonly #run: Run;
	readonly #backend: Backend;
	readonly #child: Child;
	readonly #parts: readonly PartRounds[];

	private constructor(run: Run, backend: Backend, child: Child, parts: readonly PartFacts[]) {
		this.#run = run;
		this.#backend = backend;
		this.#child = child;
		this.#parts = parts.map((facts) => new PartRounds(facts));
	}

	static async start(run: Run, backend: Backend, url: string): Promise<RunningBackend> {
		const backlog = Math.round(backend.backlog * backlogPerMs * run.options.milliseconds);
		const assignment: EventsAssignment = { file: backend.file, url, backlog };
		const options = { core: run.pinned ? "client" : "any", timeoutMs: 60_000 } as const;
		const { child, ready } = await Child.start<readonly PartFacts[]>(
			"programs/events.ts",
			assignment,
			options,
		);
		return new RunningBackend(run, backend, child, ready);
	}

	/** Measures all parts in turn, so that a part and its floor are close to each other. */
	async measure(milliseconds: number, counts: boolean): Promise<void> {
		for (const part of this.#parts) {
			if (part.hasFailed) continue;
			const task: EventsTask = { id: part.facts.id, milliseconds };
			try {
				const measured = await this.#child.ask<Measured>(task, milliseconds);
				if (counts) part.add(measured);
			} catch (error) {
				part.hasFailed = true;
				this.#run.failed("events", `${this.#backend.id}, ${part.facts.what}`, error);
			}
		}
	}

	report(): void {
		const { id, name } = this.#backend;
		for (const part of this.#parts) {
			const floor = this.#parts.find(({ facts }) => facts.id === part.facts.floor);
			for (const { suffix, what, unit, values } of part.figures(floor)) {
				const of = `events ${id} ${part.facts.id}${suffix}`;
				this.#run.figure("events", of, `${name}: ${what}`, unit, values);
			}
		}
	}

	stop(): Promise<void> {
		return this.#child.stop();
	}
}

/** The servers of the backends. Each is started when it is first needed. */
class Servers {
	readonly #via: readonly string[];
	readonly #started = new Map<string, ServerProcess>();

	constructor(pinned: boolean) {
		this.#via = pinned ? ["taskset", "-c", "0"] : [];
	}

	async url(name: "postgres" | "nats" | "redis"): Promise<string> {
		const { port } = this.#started.get(name) ?? (await this.#start(name));
		if (name === "postgres") return `postgres://postgres@127.0.0.1:${port}/postgres`;
		return `${name}://127.0.0.1:${port}`;
	}

	async close(): Promise<void> {
		await Promise.all([...this.#started.values()].map((server) => server.close()));
	}

	async #start(name: "postgres" | "nats" | "redis"): Promise<ServerProcess> {
		const server = await startServer({ ...optionsOf(name), via: this.#via });
		this.#started.set(name, server);
		return server;
	}
}

function optionsOf(name: "postgres" | "nats" | "redis"): ServerOptions {
	if (name === "nats") return natsServer({ file: programOf(["nats-2.10", "nats-2.9"]) });
	if (name === "postgres") {
		// Ours and the peers keep their connections for the whole run, more than the default of 100 together.
		return postgresServer({ file: programOf(["postgres"]), args: ["-c", "max_connections=300"] });
	}
	return {
		file: "redis-server",
		// Nothing is persisted, in favour of the peer.
		args: ({ ports: [port], folder }) => [
			...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
			...["--save", "", "--appendonly", "no"],
		],
		answers: ({ ports: [port] }) => accepts(port ?? 0),
	};
}

function programOf(names: readonly ServerName[]): string {
	const file = names.map(serverProgram).find((program) => program !== undefined);
	if (file === undefined) throw new Error("its server is not installed: run npm run services");
	return file;
}

/** Whether something accepts connections on a port of 127.0.0.1. */
function accepts(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1");
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
