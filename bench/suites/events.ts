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
import { type MeasuredBackend, RunningBackend } from "../events/running-backend.ts";
import type { Run } from "../run.ts";
import { million } from "./million.ts";

/** A backend, and the server that it needs. */
interface Backend extends MeasuredBackend {
	readonly server: "postgres" | "nats" | "redis" | undefined;
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
				running.push(await RunningBackend.start(run, "events", backend, url));
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
	for (let round = 0; round <= rounds; round++) {
		run.progress("events", round === 0 ? "warming up" : `round ${round} of ${rounds}`);
		for (const each of running) await each.measure(milliseconds, round > 0);
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
