import { Context } from "@allium/core";
import {
	type SeedsSummary,
	type SimulatedNode,
	SimulationError,
	simulateSeeds,
	type World,
} from "@allium/testing/simulation";
import { expect, test } from "vitest";
import { Schedules } from "./schedules.ts";

const background = Context.background();
const minuteMs = 60_000;
/** How long the simulation goes on before and after the jump. */
const aroundMs = 4 * minuteMs;
/** The largest error of the clocks of machines, ahead or behind. */
const clockSkewMs = 2_000;

/** A jump of the clocks in a zone, and a time of the day that it skips or doubles. */
interface Jump {
	readonly zone: string;
	readonly at: string;
	readonly daily: string;
	/** The times that the daily schedule has in its stream once it has run: the one at the jump, and the next. */
	readonly expected: readonly string[];
}

const jumps: readonly Jump[] = [
	{
		zone: "Europe/Vienna",
		at: "2026-03-29T01:00:00.000Z",
		daily: "30 2 * * *",
		expected: ["2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"],
	},
	{
		zone: "Europe/Vienna",
		at: "2026-10-25T01:00:00.000Z",
		daily: "58 2 * * *",
		expected: ["2026-10-25T00:58:00.000Z", "2026-10-26T01:58:00.000Z"],
	},
	{
		zone: "America/New_York",
		at: "2026-03-08T07:00:00.000Z",
		daily: "30 2 * * *",
		expected: ["2026-03-08T07:00:00.000Z", "2026-03-09T06:30:00.000Z"],
	},
	{
		zone: "America/New_York",
		at: "2026-11-01T06:00:00.000Z",
		daily: "58 1 * * *",
		expected: ["2026-11-01T05:58:00.000Z", "2026-11-02T06:58:00.000Z"],
	},
	{
		zone: "Australia/Lord_Howe",
		at: "2026-10-03T15:30:00.000Z",
		daily: "15 2 * * *",
		expected: ["2026-10-03T15:30:00.000Z", "2026-10-04T15:15:00.000Z"],
	},
	{
		zone: "Australia/Lord_Howe",
		at: "2026-04-04T15:00:00.000Z",
		daily: "58 1 * * *",
		expected: ["2026-04-04T14:58:00.000Z", "2026-04-05T15:28:00.000Z"],
	},
];

type Name = "daily" | "minutely";

/** What ran, and how often processes were killed. */
interface Ran {
	readonly daily: string[];
	readonly minutely: string[];
	kills: number;
}

async function begin(node: SimulatedNode, { zone, daily }: Jump, ran: Ran): Promise<void> {
	const own = new Schedules({ name: "app", store: node.store, logger: node.logger });
	own.add("daily", { cron: daily, zone }, ({ at }) => void ran.daily.push(at.toISOString()));
	own.add("minutely", { cron: "* * * * *", zone }, ({ at }) => void ran.minutely.push(at.toISOString()));
	await own.begin(background);
	await own.subscription().begin(node.source, background);
}

/** Processes come and go while the clocks of their zone jump. */
async function overJump(world: World, jump: Jump): Promise<void> {
	const ran: Ran = { daily: [], minutely: [], kills: 0 };
	const nodes = await Promise.all(
		["app-1", "app-2", "app-3"].map(async (name) => {
			const node = await world.start(name, (node) => begin(node, jump, ran));
			node.skewClock(world.random.between(-clockSkewMs, clockSkewMs));
			return node;
		}),
	);
	while (world.now < 2 * aroundMs) {
		await world.sleep(world.random.between(0, minuteMs));
		const node = nodes[world.random.below(nodes.length)];
		if (node === undefined || world.random.chance(0.3)) continue;
		ran.kills++;
		node.crash({ silent: world.random.chance(0.5) });
		await node.restart();
	}
	await world.sleep(minuteMs);
	const streamOf = (name: Name): Promise<readonly string[]> => timesIn(nodes[0], name);
	expect(await streamOf("daily"), "the times of the daily schedule").toEqual(jump.expected);
	const minutes = await streamOf("minutely");
	const first = Date.parse(minutes[0] ?? "");
	expect(minutes, "a minute is left out or there twice").toEqual(
		minutes.map((_, index) => new Date(first + index * minuteMs).toISOString()),
	);
	expect(minutes.length).toBeGreaterThan((2 * aroundMs) / minuteMs);
	expect([...new Set(ran.daily)], "what ran of the daily schedule").toEqual(jump.expected.slice(0, 1));
	// The last one is to come.
	expect([...new Set(ran.minutely)].sort(), "a minute did not run").toEqual(minutes.slice(0, -1));
	// A time runs again only if its process was killed before it could record the run.
	expect(ran.daily.length + ran.minutely.length - minutes.length).toBeLessThanOrEqual(ran.kills);
}

async function timesIn(node: SimulatedNode | undefined, name: Name): Promise<readonly string[]> {
	if (node === undefined) return expect.unreachable();
	const stream = await node.run(() => node.store.read(`schedule/app/${name}`, { limit: 100 }, background));
	return stream.events.map(({ event }) => (event.data as { readonly at: string }).at);
}

function simulateJump(jump: Jump, seeds: number): Promise<SeedsSummary<void>> {
	const startsAt = new Date(Date.parse(jump.at) - aroundMs);
	return simulateSeeds({ seeds, startsAt }, (world) => overJump(world, jump));
}

test.each(jumps)("each time of a schedule runs, and once, over the jump of $zone at $at", async (jump) => {
	const { seeds } = await simulateJump(jump, 4);
	expect(seeds).toBeGreaterThan(0);
});

test("a schedule that keeps the offset from before the jump is found out", async () => {
	for (const jump of jumps.filter(({ zone }) => zone === "Europe/Vienna")) {
		const zone = jump.at < "2026-06" ? "Etc/GMT-1" : "Etc/GMT-2";
		const error = await simulateJump({ ...jump, zone }, 1).catch((reason) => reason);
		expect(error).toBeInstanceOf(SimulationError);
		expect(error.message).toMatch(/the times of the daily schedule/);
	}
});
