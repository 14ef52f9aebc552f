import { expect, test } from "vitest";
import { Context } from "../context/context.ts";
import type { Instance } from "../registry/instance.ts";
import type { Candidate } from "./balancer.ts";
import { roundRobin } from "./round-robin.ts";

function candidates(...ids: string[]): Candidate[] {
	const load = { start() {}, end() {} };
	return ids.map((id) => ({ load, instance: { id } as Partial<Instance> as Instance }));
}

function picks(times: number, from: readonly Candidate[], balancer = roundRobin()) {
	return Array.from({ length: times }, () => balancer.pick(from, Context.background())?.instance.id);
}

test("each instance gets its turn", () => {
	const seen = picks(6, candidates("a", "b", "c"));
	expect(seen.slice(0, 3).toSorted()).toEqual(["a", "b", "c"]);
	expect(seen.slice(3)).toEqual(seen.slice(0, 3));
});

test("goes on when instances come and go", () => {
	const balancer = roundRobin();
	picks(5, candidates("a", "b", "c"), balancer);
	expect(new Set(picks(2, candidates("a", "d"), balancer))).toEqual(new Set(["a", "d"]));
});

test("of none there is nothing to pick", () => {
	expect(picks(1, [])).toEqual([undefined]);
});
