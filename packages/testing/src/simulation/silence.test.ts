import { Context } from "@allium/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Ledger, Runs, serveLedger } from "./fixtures/ledger.ts";
import { constant, simulate, type World } from "./index.ts";

const network = { latency: constant(1) };

// These seeds are part of what is tested.
beforeEach(() => vi.stubEnv("ALLIUM_SEED", ""));
afterEach(() => vi.unstubAllEnvs());

type Read = (timeoutMs: number) => Promise<string>;

/** A function that calls a server and returns how the call went. */
async function caller(world: World, workMs = (): number => 0): Promise<Read> {
	await world.start("server", (node) => serveLedger(node, new Runs(), workMs));
	const node = await world.start("caller");
	const ledger = await node.run(() => node.client(Ledger, { middleware: [], attempt: [] }));
	return (timeoutMs) =>
		node.run(() =>
			ledger.read({ id: "1" }, Context.background().withTimeout(timeoutMs)).then(
				() => "answered",
				(error) => error.code,
			),
		);
}

/** The same, after its connection to the server has fallen silent. */
async function silenced(world: World): Promise<Read> {
	const read = await caller(world);
	await read(1_000);
	world.network.silence("caller", "server");
	return read;
}

test("of calls that are short and rare, the first is lost on a connection that has fallen silent", async () => {
	const { value } = await simulate({ network }, async (world) => {
		const read = await silenced(world);
		const outcomes: string[] = [];
		for (let call = 0; call < 120; call++) {
			outcomes.push(await read(1_000));
			await world.sleep(1_500);
		}
		return outcomes;
	});
	expect(value).toEqual(["deadline_exceeded", ...Array(119).fill("answered")]);
});

test("a connection that falls silent while there is no call is given up before the next", async () => {
	const { value } = await simulate({ network }, async (world) => {
		const read = await silenced(world);
		await world.sleep(40_000);
		return read(1_000);
	});
	expect(value).toBe("answered");
});

test("calls that wait on a silent connection fail, those that follow a timed-out one do not", async () => {
	const { value } = await simulate({ network }, async (world) => {
		const read = await silenced(world);
		const waiting = read(120_000);
		const begin = world.now;
		const first = await read(500);
		await world.sleep(2_000);
		const second = await read(500);
		return [first, second, await waiting, world.now - begin <= 30_000];
	});
	expect(value).toEqual(["deadline_exceeded", "answered", "unavailable", true]);
});

test("a server that only takes long is kept: the calls that it has are answered", async () => {
	const { value, log } = await simulate({ network }, async (world) => {
		const read = await caller(world, () => 5_000);
		return Promise.all([read(1_000), read(60_000)]);
	});
	expect(value).toEqual(["deadline_exceeded", "answered"]);
	expect(log.match(/dial /g)).toHaveLength(1);
});
