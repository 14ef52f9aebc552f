import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "../child.ts";
import type { Settled } from "../programs/system.ts";
import type { Run } from "../run.ts";

const sizes = [500, 2_000] as const;

/**
 * Measures a gateway in front of many services with three REST routes each: when it starts, and when all services are
 * replaced.
 */
export async function gatewayGrowth(run: Run): Promise<void> {
	for (const services of sizes) {
		const [started, redeployed]: [Settled[], Settled[]] = [[], []];
		for (let round = 1; round <= run.options.rounds; round++) {
			run.progress(
				"growth",
				`a gateway before ${services} services, round ${round} of ${run.options.rounds}`,
			);
			try {
				const [start, redeploy] = await measure(run, services);
				started.push(start);
				redeployed.push(redeploy);
			} catch (error) {
				run.failed("growth", `a gateway before ${services} services`, error);
			}
		}
		const all = services.toLocaleString("en-US");
		add(run, `gateway ready ${services}`, `a gateway that starts before ${all} services`, started);
		add(run, `gateway redeploy ${services}`, `a gateway while ${all} services are redeployed`, redeployed);
	}
}

function add(run: Run, id: string, what: string, settled: readonly Settled[]): void {
	const times = settled.map(({ milliseconds }) => milliseconds);
	const blocks = settled.map(({ longestBlockMs }) => longestBlockMs);
	run.figure("growth", id, `${what}: until it serves all`, "ms", times);
	run.figure("growth", `${id} block`, `${what}: its event loop blocked at worst`, "ms", blocks);
}

async function measure(run: Run, services: number): Promise<[Settled, Settled]> {
	const folder = await mkdtemp(join(tmpdir(), "allium-bench-"));
	const start = async (role: string, core: "server" | "client"): Promise<Child> => {
		const assignment = { file: role, variant: String(services), address: folder };
		const options = { core: run.pinned ? core : "any", timeoutMs: 120_000 } as const;
		return (await Child.start("programs/system.ts", assignment, options)).child;
	};
	try {
		const served = await start("services", "server");
		try {
			const gateway = await start("gateway", "client");
			try {
				const started = await gateway.ask<Settled>({});
				const [redeployed] = await Promise.all([gateway.ask<Settled>({}), served.ask({})]);
				return [started, redeployed];
			} finally {
				await gateway.stop();
			}
		} finally {
			await served.stop();
		}
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
