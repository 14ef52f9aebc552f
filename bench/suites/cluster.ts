import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	consulServer,
	etcdServer,
	natsServer,
	type ServerName,
	type ServerProcess,
	serverProgram,
	startServer,
} from "@allium/testing/servers";
import { Pair, type Round } from "../pair.ts";
import type { Run } from "../run.ts";

const concurrency = 64;

/** A registry in which the two processes find each other. */
interface Found {
	readonly id: string;
	readonly pair: Pair;
	readonly rounds: Round[];
}

/**
 * Measures calls over frames between apps that found each other in different registries. The registry takes no part in
 * a call, so all of them should cost the same.
 */
export async function cluster(run: Run): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "allium-cluster-"));
	const servers: ServerProcess[] = [];
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
				found.push({ id, pair: await Pair.start(options), rounds: [] });
			} catch (error) {
				run.failed("cluster", id, error);
			}
		}
		await measure(run, found);
		for (const { id, rounds } of found) report(run, id, rounds);
	} finally {
		await Promise.all(found.map(({ pair }) => pair.stop()));
		await Promise.all(servers.map((server) => server.close()));
		rmSync(folder, { recursive: true, force: true });
	}
}

/** How to get the URL of each registry: some need a server, which is started and added to `servers`. */
function registries(
	folder: string,
	servers: ServerProcess[],
): Readonly<Record<string, () => Promise<string>>> {
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
	};
}

async function measure(run: Run, found: readonly Found[]): Promise<void> {
	const { rounds, quick, milliseconds } = run.options;
	for (let round = 0; round <= rounds; round++) {
		run.progress("cluster", round === 0 ? "warming up" : `round ${round} of ${rounds}`);
		// The warm-up is long, because all variants run the same code.
		const time = round === 0 ? (quick ? 300 : 1_000) : milliseconds;
		for (const { pair, rounds: measured } of found) {
			const task = { type: "calls", work: "sum", concurrency, milliseconds: time } as const;
			const result = await pair.measure(task);
			if (round > 0) measured.push(result);
		}
	}
}

function report(run: Run, id: string, rounds: readonly Round[]): void {
	const what = `found by ${id}, ${concurrency} at once`;
	const rates = rounds.map(({ calls, seconds }) => calls / seconds);
	run.figure("cluster", `cluster calls ${id}`, what, "calls/s", rates);
	const cpu = rounds.map(
		({ calls, cpuSeconds, serverCpuSeconds }) => ((cpuSeconds + serverCpuSeconds) / calls) * 1e6,
	);
	run.figure("cluster", `cluster cpu ${id}`, `${what}: processor time of a call, client + server`, "µs", cpu);
}
