import { Context, silentLogger } from "@allium/core";
import { keepRegistered } from "@allium/core/registry";
import { type SimulatedNode, simulate, type World } from "@allium/testing/simulation";
import type { EndsEarly } from "../crash/early-end.ts";
import type { Options } from "./options.ts";
import { count, duration, type Row } from "./table.ts";

const service = "soak";
const ttlMs = 5_000;
/** Heartbeats are measured in parts of this virtual time, between which the run may end early, in milliseconds. */
const partMs = 1_000;

/**
 * Runs instances and watchers in the simulator. Returns the figures of their heartbeats, of a run that is ended early
 * those of a shorter time.
 */
export async function simulatedSoak(
	options: Options & EndsEarly,
	progress: (line: string) => void,
): Promise<Row[]> {
	const { instances, watchers, steadyMs, signal } = options;
	const simulation = await simulate({ ttlMs, maxEvents: 1e9 }, async (world) => {
		progress(`registering ${instances} instances …`);
		await Promise.all(names("instance", instances).map((name) => world.start(name, register)));
		progress(`beginning ${watchers} watches …`);
		const gone: string[] = [];
		const views = await Promise.all(
			names("watcher", watchers).map(async (name) => {
				const view = new Set<string>();
				await world.start(name, (node) => watch(node, view, gone));
				return view;
			}),
		);
		await world.until("every watcher sees all", () => views.every(({ size }) => size === instances));
		progress(`${duration(steadyMs)} of heartbeats …`);
		return measure(world, { steadyMs, signal }, gone);
	});
	const { passedMs, perSecond, cpuPerMessageUs, gone } = simulation.value;
	return [
		["heartbeats measured for", `${duration(passedMs)}${signal.aborted ? ": interrupted" : ""}`],
		["instances × watchers", `${instances} × ${watchers}, time to live ${duration(ttlMs)}`],
		["messages a second, all together", count(perSecond)],
		["messages a second at each watcher", count(perSecond / watchers)],
		[
			"processor for each message, the simulator's included",
			`${cpuPerMessageUs.toFixed(2)} µs: ${((cpuPerMessageUs * perSecond) / watchers / 1e4).toFixed(2)}% of a core at each watcher`,
		],
		["wrongly gone", count(gone)],
	];
}

interface Measured {
	readonly passedMs: number;
	readonly perSecond: number;
	readonly cpuPerMessageUs: number;
	readonly gone: number;
}

async function measure(
	world: World,
	{ steadyMs, signal }: Pick<Options, "steadyMs"> & EndsEarly,
	gone: readonly string[],
): Promise<Measured> {
	const { datagrams } = world.network;
	const cpu = process.cpuUsage();
	let passedMs = 0;
	do {
		const part = Math.min(partMs, steadyMs - passedMs);
		await world.sleep(part);
		passedMs += part;
	} while (passedMs < steadyMs && !signal.aborted);
	const { user, system } = process.cpuUsage(cpu);
	const sent = world.network.datagrams - datagrams;
	return {
		passedMs,
		perSecond: (1_000 * sent) / passedMs,
		cpuPerMessageUs: (user + system) / sent,
		gone: gone.length,
	};
}

async function register(node: SimulatedNode): Promise<void> {
	const instance = {
		id: node.name,
		app: service,
		namespace: "default",
		addresses: [`sim://${node.name}`],
		services: [{ name: service, version: "1.0.0", hash: "c0ffee" }],
		labels: {},
		weight: 1,
		status: "up" as const,
		startedAt: new Date().toISOString(),
	};
	await keepRegistered(node.registry, instance, { logger: silentLogger });
}

function watch(node: SimulatedNode, view: Set<string>, gone: string[]): void {
	const consume = async (): Promise<void> => {
		for await (const event of node.registry.watch({ service }, Context.background())) {
			if (event.type === "snapshot") for (const { id } of event.instances) view.add(id);
			else if (event.type === "up") view.add(event.instance.id);
			else {
				view.delete(event.instance.id);
				gone.push(event.instance.id);
			}
		}
	};
	void consume();
}

function names(kind: string, count: number): string[] {
	return Array.from({ length: count }, (_, index) => `${kind}-${index}`);
}
