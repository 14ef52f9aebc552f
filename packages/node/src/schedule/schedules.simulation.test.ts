import { Context } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import {
	type SimulatedNode,
	type SimulateOptions,
	SimulationError,
	simulateSeeds,
	type World,
} from "@allium/testing/simulation";
import { expect, test } from "vitest";
import { Schedules } from "./schedules.ts";

const background = Context.background();
const everyMs = 5_000;
const occurrences = 24;

/** The times that processes ran, and how often processes were killed. */
interface Ran {
	readonly times: Map<string, number>;
	/** The last time that each process ran. */
	readonly last: Map<SimulatedNode, string>;
	kills: number;
}

async function begin(node: SimulatedNode, ran: Ran): Promise<void> {
	const own = new Schedules({ name: "app", store: node.store, logger: node.logger });
	own.add("often", { ms: everyMs }, ({ at }) => {
		const time = at.toISOString();
		ran.times.set(time, (ran.times.get(time) ?? 0) + 1);
		ran.last.set(node, time);
	});
	await own.begin(background);
	await own.subscription().begin(node.source, background);
}

/**
 * Processes of an app come and go while its schedule runs. Returns the number of times that had to run, and of
 * repetitions.
 */
async function scheduled(world: World): Promise<{ readonly ticks: number; readonly repeats: number }> {
	const ran: Ran = { times: new Map(), last: new Map(), kills: 0 };
	const names = ["app-1", "app-2", "app-3", "app-4", "app-5"];
	const nodes = await Promise.all(names.map((name) => world.start(name, (node) => begin(node, ran))));
	const end = world.now + occurrences * everyMs;
	while (world.now < end) {
		await world.sleep(world.random.between(0, everyMs));
		const node = nodes[world.random.below(nodes.length)];
		if (node === undefined || world.random.chance(0.3)) continue;
		ran.kills++;
		node.crash({ silent: world.random.chance(0.5) });
		await node.restart();
	}
	await world.sleep(3 * everyMs);
	const [node] = nodes;
	if (node === undefined) return expect.unreachable();
	const stream = await node.run(() => node.store.read("schedule/app/often", { limit: 10_000 }, background));
	const times = stream.events.map(({ event }) => (event.data as { readonly at: string }).at);
	expect(times, "a time is there twice").toEqual([...new Set(times)]);
	const come = times.filter((at) => Date.parse(at) <= Date.UTC(2026, 0, 1) + world.now - 2 * everyMs);
	expect(
		come.filter((at) => !ran.times.has(at)),
		"a time did not run",
	).toEqual([]);
	const repeats = [...ran.times.values()].reduce((sum, count) => sum + count - 1, 0);
	// A time runs again only if its process was killed before it could record the run.
	expect(repeats).toBeLessThanOrEqual(ran.kills);
	return { ticks: come.length, repeats };
}

/** How wrong the clocks are meanwhile, in milliseconds, ahead or behind. */
const jumpMs = 3 * 60_000;

/**
 * The clocks of the processes jump while a schedule runs. Once they are right again, no time is left out. A time runs
 * twice only if its process was killed before it could record the run, or gave its lanes up because its clock jumped.
 */
async function jumping(world: World): Promise<{ readonly ticks: number }> {
	const ran: Ran = { times: new Map(), last: new Map(), kills: 0 };
	const names = ["app-1", "app-2", "app-3"];
	const nodes = await Promise.all(names.map((name) => world.start(name, (node) => begin(node, ran))));
	const interrupted = new Set<string | undefined>();
	const jump = (node: SimulatedNode, skewMs: number): void => {
		interrupted.add(ran.last.get(node));
		node.skewClock(skewMs);
	};
	const kill = async (node: SimulatedNode | undefined, silent: boolean): Promise<void> => {
		if (node === undefined) return;
		interrupted.add(ran.last.get(node));
		node.crash({ silent });
		await node.restart();
	};
	for (let jumps = 0; jumps < 8; jumps++) {
		await world.sleep(world.random.between(0, 4 * everyMs));
		const node = nodes[world.random.below(nodes.length)];
		if (node !== undefined) jump(node, world.random.between(-jumpMs, jumpMs));
		if (world.random.chance(0.3)) await kill(node, world.random.chance(0.5));
	}
	for (const node of nodes) jump(node, 0);
	// A time that a clock ahead left too late is taken back by the next start.
	await kill(nodes[0], false);
	await world.sleep(3 * everyMs);
	const from = Date.UTC(2026, 0, 1) + world.now;
	await world.sleep(occurrences * everyMs);
	const first = Math.ceil(from / everyMs) * everyMs;
	const due = Array.from({ length: occurrences - 3 }, (_, index) =>
		new Date(first + index * everyMs).toISOString(),
	);
	expect(
		due.filter((at) => !ran.times.has(at)),
		"a time did not run although the clocks are right",
	).toEqual([]);
	const repeated = due.filter((at) => ran.times.get(at) !== 1 && !interrupted.has(at));
	expect(repeated, "a time ran twice although the clocks are right").toEqual([]);
	return { ticks: due.length };
}

/** No process runs for a while. For the missed times, one schedule runs once, and another not at all. */
async function missing(world: World): Promise<void> {
	const ran = { once: [] as string[], skip: [] as string[] };
	const node = await world.start("app", async (node) => {
		const own = new Schedules({ name: "app", store: node.store, logger: node.logger });
		for (const missed of ["once", "skip"] as const) {
			own.add(missed, { ms: everyMs, missed }, ({ at }) => void ran[missed].push(at.toISOString()));
		}
		await own.begin(background);
		await own.subscription().begin(node.source, background);
	});
	await world.sleep(world.random.between(3 * everyMs, 6 * everyMs));
	node.crash({ silent: world.random.chance(0.5) });
	const [from, before] = [
		Date.UTC(2026, 0, 1) + world.now,
		{ ...ran, once: [...ran.once], skip: [...ran.skip] },
	];
	await world.sleep(world.random.between(100_000, 300_000));
	const to = Date.UTC(2026, 0, 1) + world.now;
	await node.restart();
	await world.sleep(8 * everyMs);
	const missed = (times: readonly string[], known: readonly string[]): readonly string[] =>
		times.slice(known.length).filter((at) => Date.parse(at) >= from && Date.parse(at) < to - 60_000);
	expect(missed(ran.once, before.once), "the times that were missed run once together").toHaveLength(1);
	expect(missed(ran.skip, before.skip), "times that were missed are skipped").toEqual([]);
	for (const times of [ran.once, ran.skip]) {
		const later = times.filter((at) => Date.parse(at) > to);
		expect(later.length, "it goes on").toBeGreaterThanOrEqual(5);
		expect(later).toEqual([...new Set(later)].sort());
	}
}

test("once the clocks are right again, no time of a schedule is left out, or runs twice without cause", {
	timeout: 300_000,
}, async () => {
	const summary = await simulateSeeds({ seeds: 50, limitMs: 900_000 }, jumping);
	expect(summary.values.every(({ ticks }) => ticks > 0)).toBe(true);
});

test.each([
	["a crash cuts a run short that a clock ahead began", 90],
	["a clock is set right between the choice of the next time and its record", 295],
	["a clock jumps before a run is recorded", 501],
])("so it is where %s", { timeout: 60_000 }, async (_, first) => {
	await simulateSeeds({ seeds: 1, first, limitMs: 900_000 }, jumping);
});

test("times that were missed run once together, or not at all", { timeout: 300_000 }, async () => {
	await simulateSeeds({ seeds: 50, limitMs: 900_000 }, missing);
});

test("of 1,000 times of a schedule, each runs, and once, while processes are killed", {
	timeout: 300_000,
}, async () => {
	const summary = await simulateSeeds({ seeds: 50 }, scheduled);
	const ticks = summary.values.reduce((sum, run) => sum + run.ticks, 0);
	const repeats = summary.values.reduce((sum, run) => sum + run.repeats, 0);
	console.info(`${ticks} times ran; ${repeats} of them again, because their process was killed`);
	if (summary.seeds > 1) expect(ticks).toBeGreaterThanOrEqual(1_000);
});

test("a few seeds find out a store that checks no versions and knows no ids", {
	timeout: 300_000,
}, async () => {
	let number = 0;
	const broken = (store: EventStore): EventStore => ({
		...store,
		read: (stream, range, ctx) => store.read(stream, range, ctx),
		append: (parts, ctx) =>
			store.append(
				parts.map((part) => ({
					...part,
					expected: "any",
					events: part.events.map((event) => ({ ...event, id: `${event.id} ${number++}` })),
				})),
				ctx,
			),
	});
	const options: SimulateOptions = { broker: { parts: ({ events }) => ({ events: broken(events) }) } };
	const error = await simulateSeeds({ ...options, seeds: 20 }, scheduled).catch((reason) => reason);
	expect(error).toBeInstanceOf(SimulationError);
	expect(error.message).toMatch(/a time is there twice/);
});
