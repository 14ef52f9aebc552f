import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { roundRobin } from "../balancer/round-robin.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Registry, RegistryEvent } from "../registry/registry.ts";
import type { Peer, Transport } from "../transport/transport.ts";
import { Choice } from "./candidates.ts";
import { instance } from "./fixtures/cluster.ts";
import { followRegistry } from "./follow-registry.ts";
import { PeerPool } from "./peer-pool.ts";
import { Target } from "./target.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
	vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

const a = instance("a", "who");
const b = instance("b", "who");
const outage = new ServiceError({ code: "unavailable", message: "the registry is away" });

/**
 * A watch of a sequence: the events that it yields, and whether it then fails, ends, or goes on until it is cancelled.
 */
type Watch = readonly [events: readonly RegistryEvent[], then: "fails" | "ends" | "goes on"];

function following(...watches: Watch[]) {
	const startedAt: number[] = [];
	const watch = vi.fn((_: unknown, ctx: Context): AsyncIterable<RegistryEvent> => {
		startedAt.push(performance.now());
		const [events, then] = watches[startedAt.length - 1] ?? [[], "goes on"];
		return (async function* () {
			yield* events;
			if (then === "fails") throw outage;
			if (then === "ends") return;
			await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
			throw ctx.error;
		})();
	});
	const peer: Peer = { endpoint: () => async () => {}, close: async () => {} };
	const transport = { scheme: "memory", dial: () => peer } as Partial<Transport> as Transport;
	const log = vi.fn();
	const target = new Target({
		service: "who",
		balancer: roundRobin(),
		peers: new PeerPool([transport]),
		logger: { log },
	});
	const { ctx, cancel } = Context.background().withCancel();
	const registry = { watch } as Partial<Registry> as Registry;
	const done = followRegistry(registry, { service: "who" }, target, { log }, ctx);
	const choice = new Choice(contract("who", { run: method({}) }).run);
	const known = () => {
		const ids = Array.from({ length: 4 }, () => target.pick(choice, ctx, undefined).id);
		return [...new Set(ids)].toSorted();
	};
	return { target, watch, startedAt, log, cancel, done, known };
}

describe("following a registry", () => {
	test("takes in snapshots and changes", async () => {
		const { known } = following([
			[
				{ type: "snapshot", instances: [a] },
				{ type: "up", instance: b },
				{ type: "down", instance: a, released: true },
			],
			"goes on",
		]);
		await vi.advanceTimersByTimeAsync(0);
		expect(known()).toEqual(["b"]);
	});

	test("keeps the known instances while the registry fails", async () => {
		const { known } = following(
			[[{ type: "snapshot", instances: [a, b] }], "fails"],
			[[], "fails"],
			[[], "fails"],
		);
		await vi.advanceTimersByTimeAsync(500);
		expect(known()).toEqual(["a", "b"]);
	});

	test("takes in what changed meanwhile when the registry is back", async () => {
		const { known, log } = following(
			[[{ type: "snapshot", instances: [a] }], "fails"],
			[[{ type: "snapshot", instances: [b] }], "goes on"],
		);
		await vi.advanceTimersByTimeAsync(500);
		expect(known()).toEqual(["a", "b"]);
		expect(log.mock.calls.map(([, message]) => message).slice(0, 2)).toEqual([
			expect.stringContaining("does not answer"),
			expect.stringContaining("answers again"),
		]);
	});

	test("asks again after growing, random delays", async () => {
		const fails: Watch = [[], "fails"];
		const { startedAt } = following(...Array.from({ length: 20 }, () => fails));
		await vi.advanceTimersByTimeAsync(20_000);
		const delays = startedAt.slice(1).map((time, index) => time - (startedAt[index] ?? 0));
		expect(delays.slice(0, 8)).toEqual([50, 100, 200, 400, 800, 1600, 2500, 2500]);
	});

	test("warns once of an outage", async () => {
		const { log } = following([[], "fails"], [[], "fails"], [[], "fails"]);
		await vi.advanceTimersByTimeAsync(5_000);
		expect(log).toHaveBeenCalledExactlyOnceWith("warn", expect.stringContaining("does not answer"), {
			service: "who",
			error: outage,
		});
	});

	test("takes a watch that just ends for an outage", async () => {
		const { watch, log } = following([[{ type: "snapshot", instances: [a] }], "ends"]);
		await vi.advanceTimersByTimeAsync(500);
		expect(watch).toHaveBeenCalledTimes(2);
		expect(log).toHaveBeenCalledOnce();
	});

	test("ends quietly with its context", async () => {
		const { cancel, done, log } = following([[{ type: "snapshot", instances: [a] }], "goes on"]);
		await vi.advanceTimersByTimeAsync(0);
		cancel();
		await done;
		expect([log.mock.calls, vi.getTimerCount()]).toEqual([[], 0]);
	});

	test("ends with its context while it waits to ask again", async () => {
		const { cancel, done } = following([[], "fails"]);
		await vi.advanceTimersByTimeAsync(1);
		expect(vi.getTimerCount()).toBe(1);
		cancel();
		await done;
		expect(vi.getTimerCount()).toBe(0);
	});
});

describe("a call that waits for the registry's first word", () => {
	test("goes on when it comes", async () => {
		const { target, known } = following([[], "fails"], [[{ type: "snapshot", instances: [a] }], "goes on"]);
		const waiting = target.whenKnown(Context.background());
		await vi.advanceTimersByTimeAsync(100);
		await waiting;
		expect(known()).toEqual([a.id]);
	});

	test("is told at its deadline why it did not come", async () => {
		const { target } = following(...Array.from({ length: 20 }, (): Watch => [[], "fails"]));
		const waiting = target.whenKnown(Context.background().withTimeout(1000));
		const failed = expect(waiting).rejects.toBe(outage);
		await vi.advanceTimersByTimeAsync(1000);
		await failed;
	});

	test("is cancelled as any other", async () => {
		const { target } = following([[], "fails"]);
		const { ctx, cancel } = Context.background().withCancel();
		const waiting = target.whenKnown(ctx);
		const failed = expect(waiting).rejects.toMatchObject({ code: "canceled" });
		await vi.advanceTimersByTimeAsync(1);
		cancel();
		await failed;
	});
});
