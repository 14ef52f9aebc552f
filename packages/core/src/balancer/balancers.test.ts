import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { succeeded } from "../context/call-scope.ts";
import { Context } from "../context/context.ts";
import { contextKey } from "../context/key.ts";
import type { Balancer } from "./balancer.ts";
import { consistentHash } from "./consistent-hash.ts";
import { inZone, prefer, restrict, withLabels, withVersion } from "./filter.ts";
import { count, facts, joined, pick, seeded } from "./fixtures/pool.ts";
import { leastLoaded } from "./least-loaded.ts";
import { peakEwma } from "./peak-ewma.ts";
import { random } from "./random.ts";
import { roundRobin } from "./round-robin.ts";
import { slowStart } from "./slow-start.ts";
import { weighted } from "./weighted.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["performance"] });
	vi.spyOn(Math, "random").mockImplementation(seeded(42));
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

const tenant = contextKey<string>("tenant");
const byTenant = () => consistentHash((ctx) => ctx.get(tenant));
const of = (name: string) => Context.background().withValue(tenant, name);

describe.each<[string, () => Balancer]>([
	["random", random],
	["leastLoaded", leastLoaded],
	["weighted", weighted],
	["consistentHash", byTenant],
	["prefer", () => prefer(inZone("a"), random())],
	["slowStart", () => slowStart(random())],
])("%s", (_, make) => {
	test("of none picks none", () => {
		expect(pick(make(), [])).toBeUndefined();
	});

	test("of one picks that", () => {
		const balancer = make();
		expect(count(balancer, joined(balancer, "a"), 10)).toEqual({ a: 10 });
	});

	test("leaves none of equals out", () => {
		const balancer = make();
		const counts = count(balancer, joined(balancer, "a", "b", "c"), 300);
		for (const times of Object.values(counts)) expect(times).toBeGreaterThan(60);
	});
});

describe("least loaded", () => {
	test("takes the one with the fewest calls in flight", () => {
		const balancer = leastLoaded();
		const [a, b, c] = joined(balancer, "a", "b", "c");
		for (const candidate of [a, a, b, c, c]) candidate?.load.start();
		const all = [a, b, c].filter((candidate) => candidate !== undefined);
		expect(count(balancer, all, 10)).toEqual({ a: 0, b: 10, c: 0 });
		for (let times = 0; times < 2; times++) a?.load.end(succeeded, 1, performance.now());
		expect(count(balancer, all, 10)).toEqual({ a: 10, b: 0, c: 0 });
	});

	test("lets one of twice the weight have twice as many", () => {
		const balancer = leastLoaded();
		const all = joined(balancer, facts("a", { weight: 2 }), "b");
		for (let times = 0; times < 30; times++) balancer.pick(all as never, of(""))?.load.start();
		expect(all.map(({ load }) => (load as never as { calls: number }).calls)).toEqual([20, 10]);
	});
});

describe("weighted", () => {
	test("takes each as often as its weight says, spread evenly", () => {
		const balancer = weighted();
		const all = joined(balancer, facts("a", { weight: 5 }), "b", "c");
		const picks = Array.from({ length: 7 }, () => pick(balancer, all));
		expect(picks).toEqual(["a", "a", "b", "a", "c", "a", "a"]);
	});

	test("leaves out one of weight 0", () => {
		const balancer = weighted();
		const all = joined(balancer, facts("a", { weight: 0 }), "b");
		expect(count(balancer, all, 10)).toEqual({ a: 0, b: 10 });
	});
});

describe("consistent hash", () => {
	const tenants = Array.from({ length: 1000 }, (_, n) => `tenant-${n}`);

	test("takes the same for the same key, in another client too", () => {
		const [one, other] = [byTenant(), byTenant()];
		const [here, there] = [joined(one, "a", "b", "c"), joined(other, "c", "b", "a")];
		for (const name of tenants) expect(pick(one, here, of(name))).toBe(pick(other, there, of(name)));
	});

	test("spreads keys evenly, by weight", () => {
		const balancer = byTenant();
		const all = joined(balancer, facts("a", { weight: 2 }), "b", "c");
		const picks = tenants.map((name) => pick(balancer, all, of(name)));
		const [a, b] = ["a", "b"].map((id) => picks.filter((picked) => picked === id).length);
		expect(a).toBeGreaterThan(440);
		expect(a).toBeLessThan(560);
		expect(b).toBeGreaterThan(200);
	});

	test("moves only the keys of the one that went", () => {
		const balancer = byTenant();
		const all = joined(balancer, "a", "b", "c", "d");
		for (const name of tenants) {
			const before = pick(balancer, all, of(name));
			const after = pick(balancer, all.slice(1), of(name));
			if (before !== "a") expect(after).toBe(before);
		}
	});
});

describe("a filter", () => {
	const a = facts("a", { zone: "eu", labels: { tier: "gold", os: "x" } });
	const b = facts("b", { zone: "us", services: [{ name: "c", version: "1.2.3", hash: "" }] });
	const c = facts("c", { services: [{ name: "c", version: "12.0.0", hash: "" }] });

	test.each([
		["zone", inZone("eu"), ["a"]],
		["label", withLabels({ tier: "gold" }), ["a"]],
		["several labels", withLabels({ tier: "gold", os: "y" }), []],
		["major version", withVersion("c", "1"), ["a", "b"]],
		["minor version", withVersion("c", "1.2"), ["b"]],
		["another service's version", withVersion("d", "1"), []],
	] as const)("by %s", (_, filter, wanted) => {
		expect([a, b, c].filter(filter).map(({ id }) => id)).toEqual(wanted);
	});

	test("that only prefers takes the others when none is left", () => {
		const balancer = prefer(inZone("eu"), roundRobin());
		const all = joined(balancer, a, b, c);
		expect(count(balancer, all, 10)).toEqual({ a: 10, b: 0, c: 0 });
		expect(count(balancer, all.slice(1), 10)).toEqual({ b: 5, c: 5 });
	});

	test("that restricts takes none then", () => {
		const balancer = restrict(inZone("eu"), roundRobin());
		expect(pick(balancer, joined(balancer, b, c))).toBeUndefined();
	});

	test("looks again when instances change", () => {
		const balancer = prefer(inZone("eu"), roundRobin());
		expect(pick(balancer, joined(balancer, b))).toBe("b");
		expect(pick(balancer, joined(balancer, b, a))).toBe("a");
	});
});

describe("slow start", () => {
	test("gives a new instance a share that grows", () => {
		const balancer = slowStart(roundRobin());
		const old = joined(balancer, "a", "b", "c");
		vi.advanceTimersByTime(60_000);
		const all = [...old, ...joined(balancer, "new")];
		const share = () => count(balancer, all, 4000).new;
		expect(share()).toBeGreaterThan(60);
		expect(share()).toBeLessThan(140);
		vi.advanceTimersByTime(15_000);
		expect(share()).toBeGreaterThan(420);
		expect(share()).toBeLessThan(580);
		vi.advanceTimersByTime(15_000);
		expect(share()).toBe(1000);
	});

	test("makes no difference where all are new", () => {
		const balancer = slowStart(roundRobin());
		expect(count(balancer, joined(balancer, "a", "b"), 100)).toEqual({ a: 50, b: 50 });
	});

	test("leaves the balancer inside its memory", () => {
		const balancer = slowStart(peakEwma());
		const all = joined(balancer, "a", "b");
		all[0]?.load.start();
		all[0]?.load.end(succeeded, 500, performance.now());
		all[1]?.load.start();
		all[1]?.load.end(succeeded, 5, performance.now());
		expect(count(balancer, all, 50)).toEqual({ a: 0, b: 50 });
	});
});
