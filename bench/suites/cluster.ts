import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Endpoints } from "@allium/core";
import { eurekaServer } from "@allium/eureka-server";
import { listen } from "@allium/node";
import {
	consulServer,
	etcdServer,
	natsServer,
	redisServer,
	type ServerName,
	serverProgram,
	startServer,
	zookeeperServer,
} from "@allium/testing/servers";
import { Pair, type Round } from "../pair.ts";
import type { Task } from "../protocol.ts";
import type { Run } from "../run.ts";
import { queues } from "./queues.ts";

const concurrency = 64;

/** The number of turns of a round. */
const turns = 5;

/** A server that was started for a registry. */
interface Server {
	close(): Promise<void>;
}

/** A registry in which the two processes find each other. */
interface Found {
	readonly id: string;
	readonly pair: Pair;
	readonly measured: Round[];
}

/**
 * Measures calls over frames between apps that found each other in different registries. The registry takes no part in
 * a call, so all of them should cost the same. Then measures calls through a queue, which take another way.
 */
export async function cluster(run: Run): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "allium-cluster-"));
	const servers: Server[] = [];
	const found: Found[] = [];
	try {
		for (const [id, open] of Object.entries(registries(folder, servers))) {
			run.progress("cluster", `starting ${id}`);
			try {
				const options = {
					file: "stacks/cluster.ts",
					variant: await open(),
					serves: true,
					pinned: run.pinned,
				};
				found.push({ id, pair: await Pair.start(options), measured: [] });
			} catch (error) {
				run.failed("cluster", id, error);
			}
		}
		await measure(run, found);
		report(run, found);
	} finally {
		await Promise.all(found.map(({ pair }) => pair.stop()));
		await Promise.all(servers.map((server) => server.close()));
		rmSync(folder, { recursive: true, force: true });
	}
	await queues(run);
}

/** How to get the URL of each registry: some need a server, which is started and added to `servers`. */
function registries(folder: string, servers: Server[]): Readonly<Record<string, () => Promise<string>>> {
	const start = async (names: readonly ServerName[], options: typeof natsServer): Promise<number> => {
		const file = names.map(serverProgram).find((program) => program !== undefined);
		if (file === undefined) throw new Error("its server is not installed: run npm run services");
		const server = await startServer(options({ file }));
		servers.push(server);
		return server.port;
	};
	return {
		static: async () => "static:",
		sqlite: async () => `sqlite://${folder}`,
		nats: async () => `nats://127.0.0.1:${await start(["nats-2.10", "nats-2.9"], natsServer)}`,
		consul: async () => `consul://127.0.0.1:${await start(["consul"], consulServer)}`,
		etcd: async () => `etcd://127.0.0.1:${await start(["etcd-3.5", "etcd"], etcdServer)}`,
		redis: async () => `redis://127.0.0.1:${await start(["redis"], redisServer)}`,
		zookeeper: async () => `zookeeper://127.0.0.1:${await start(["zookeeper"], zookeeperServer)}`,
		// Another port than that of multicast DNS, so that no other program on this machine is heard.
		mdns: async () => "mdns:?interface=127.0.0.1&port=53539",
		eureka: async () => {
			const server = await listen(new Endpoints(), { protocols: [eurekaServer()] });
			servers.push(server);
			return `eureka://${new URL(server.addresses[0] ?? "").host}?pollMs=200`;
		},
	};
}

/**
 * The machine's speed changes from second to second, and by more than the registries differ. So there are many short
 * turns, each registry comes first, second and so on equally often, and the shares of a turn are compared.
 */
async function measure(run: Run, found: readonly Found[]): Promise<void> {
	const { rounds, quick, milliseconds } = run.options;
	run.progress("cluster", "warming up");
	// The warm-up is long, because all variants run the same code.
	for (const { pair } of found) await pair.measure(calls(quick ? 300 : 1_000));
	for (let round = 1; round <= rounds; round++) {
		run.progress("cluster", `round ${round} of ${rounds}`);
		for (let turn = 0; turn < turns; turn++) {
			const first = (round * turns + turn) % found.length;
			for (const { pair, measured } of [...found.slice(first), ...found.slice(0, first)]) {
				measured.push(await pair.measure(calls(milliseconds / turns)));
			}
		}
	}
}

function calls(milliseconds: number): Task & { readonly type: "calls" } {
	return { type: "calls", work: "sum", concurrency, milliseconds };
}

function report(run: Run, found: readonly Found[]): void {
	const turnMeans = (found[0]?.measured ?? []).map((_, turn) =>
		mean(found.map(({ measured }) => cpuOfCall(measured[turn]))),
	);
	for (const { id, measured } of found) {
		const what = `found by ${id}, ${concurrency} at once`;
		const rates = measured.map(({ calls, seconds }) => calls / seconds);
		run.figure("cluster", `cluster calls ${id}`, what, "calls/s", rates);
		const cpu = measured.map(cpuOfCall);
		const processor = `${what}: processor time of a call, client + server`;
		run.figure("cluster", `cluster cpu ${id}`, processor, "µs", cpu);
		const shares = cpu.map((each, turn) => each / (turnMeans[turn] ?? Number.NaN));
		run.figure("cluster", `cluster share ${id}`, processor, "× all registries in the same turn", shares);
	}
}

/** In microseconds, of client and server. */
function cpuOfCall(round: Round | undefined): number {
	if (round === undefined) return Number.NaN;
	return ((round.cpuSeconds + round.serverCpuSeconds) / round.calls) * 1e6;
}

function mean(figures: readonly number[]): number {
	return figures.reduce((sum, each) => sum + each, 0) / figures.length;
}
