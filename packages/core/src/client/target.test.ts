import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Balancer } from "../balancer/balancer.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { RegistryEvent } from "../registry/registry.ts";
import type { Peer, Transport } from "../transport/transport.ts";
import { instance } from "./fixtures/cluster.ts";
import { PeerPool } from "./peer-pool.ts";
import { Target } from "./target.ts";

const { run } = contract("who", { run: method({}) });
const ctx = Context.background();
const [a, b, c] = ["a", "b", "c"].map((id) => instance(id, "who")) as [
	ReturnType<typeof instance>,
	ReturnType<typeof instance>,
	ReturnType<typeof instance>,
];

/** A target whose instances answer as told; the balancer takes the first candidate. */
function target(endpoint: Endpoint = async () => {}, given: (candidates: unknown) => void = () => {}) {
	const closed: string[] = [];
	const transport = {
		scheme: "memory",
		dial: (address: string): Peer => ({
			endpoint: () => endpoint,
			close: async () => void closed.push(address),
		}),
	} as Partial<Transport> as Transport;
	const load = { start: vi.fn(), end: vi.fn() };
	const join = vi.fn(() => load);
	const balancer: Balancer = {
		join,
		pick(candidates) {
			given(candidates);
			return candidates[0];
		},
	};
	const log = vi.fn();
	const made = new Target({ service: "who", balancer, peers: new PeerPool([transport]), logger: { log } });
	const pick = (tried?: readonly string[]) => made.pick(ctx, tried).instance.id;
	return { target: made, pick, join, load, closed, log };
}

const unhealthy = (one: typeof a): typeof a => ({ ...one, status: "unhealthy" });

describe("what is remembered of an instance", () => {
	test("survives updates that do not change where it is", () => {
		const { target: made, join } = target();
		made.apply({ type: "snapshot", instances: [a, b] });
		made.apply({ type: "snapshot", instances: [b, { ...a, labels: { x: "1" } }] });
		made.apply({ type: "up", instance: { ...a, weight: 2 } });
		expect(join).toHaveBeenCalledTimes(2);
		expect(made.pick(ctx, ["b"]).instance.weight).toBe(2);
	});

	test("is forgotten when it moves", async () => {
		const { target: made, join, closed } = target();
		made.apply({ type: "snapshot", instances: [a] });
		made.apply({ type: "up", instance: { ...a, addresses: ["memory://elsewhere"] } });
		expect(join).toHaveBeenCalledTimes(2);
		await vi.waitFor(() => expect(closed).toEqual(["memory://a"]));
	});
});

describe("picking", () => {
	test("avoids what was tried, while there is another", () => {
		const { target: made, pick } = target();
		made.apply({ type: "snapshot", instances: [a, b] });
		expect([pick(), pick(["a"]), pick(["a", "b"])]).toEqual(["a", "b", "a"]);
	});

	test("avoids what could not be reached, while there is another", async () => {
		const { target: made, pick } = target(() => Promise.reject(new ServiceError({ code: "unavailable" })));
		made.apply({ type: "snapshot", instances: [a, b] });
		await made
			.pick(ctx, undefined)
			.attempt(run, {}, ctx)
			.catch(() => {});
		expect([pick(), pick(["b"])]).toEqual(["b", "a"]);
	});

	test("avoids it still when a call there was given up, no more when one got through", async () => {
		const outcomes = ["unavailable", "canceled", "not_found"] as const;
		const codes = outcomes.values();
		const { target: made, pick } = target(() =>
			Promise.reject(new ServiceError({ code: codes.next().value ?? "internal" })),
		);
		made.apply({ type: "snapshot", instances: [a, b] });
		const member = made.pick(ctx, undefined);
		const seen: string[] = [];
		for (const _ of outcomes) {
			await member.attempt(run, {}, ctx).catch(() => {});
			seen.push(pick());
		}
		expect(seen).toEqual(["b", "b", "a"]);
	});

	test("leaves out what drains", () => {
		const { target: made, pick } = target();
		made.apply({ type: "snapshot", instances: [{ ...a, status: "draining" }, b] });
		made.apply({ type: "up", instance: c });
		made.apply({ type: "up", instance: { ...b, status: "unhealthy" } });
		expect(pick()).toBe("c");
	});

	test("leaves out what is unhealthy, while at least half are healthy", () => {
		const { target: made, pick } = target();
		made.apply({ type: "snapshot", instances: [unhealthy(a), b] });
		expect([pick(), pick(["b"])]).toEqual(["b", "b"]);
		made.apply({ type: "up", instance: c });
		expect([pick(), pick(["b"])]).toEqual(["b", "c"]);
	});

	test("takes all when fewer than half are healthy: few cannot bear the load of all", () => {
		const { target: made, pick } = target();
		made.apply({ type: "snapshot", instances: [unhealthy(a), unhealthy(b), c] });
		expect([pick(), pick(["a"]), pick(["a", "b"])]).toEqual(["a", "b", "c"]);
		made.apply({ type: "up", instance: b });
		expect(pick()).toBe("b");
	});

	test("takes what is unhealthy rather than nobody, what drains never", () => {
		const { target: made, pick } = target();
		made.apply({ type: "snapshot", instances: [unhealthy(a), { ...b, status: "draining" }] });
		expect([pick(), pick(["a"])]).toEqual(["a", "a"]);
	});

	test("takes what is unhealthy rather than what cannot be reached", async () => {
		const { target: made, pick } = target(() => Promise.reject(new ServiceError({ code: "unavailable" })));
		made.apply({ type: "snapshot", instances: [a, unhealthy(b)] });
		await expect(made.pick(ctx, undefined).attempt(run, {}, ctx)).rejects.toThrow();
		expect(pick()).toBe("b");
	});

	test("remembers what is unhealthy, for when it is healthy again", () => {
		const { target: made, join, closed } = target();
		made.apply({ type: "snapshot", instances: [a, b] });
		made.apply({ type: "up", instance: unhealthy(a) });
		made.apply({ type: "up", instance: a });
		expect([join.mock.calls.length, closed]).toEqual([2, []]);
	});

	test("says what is wrong where there is nothing to pick", () => {
		const { target: made, pick, log } = target();
		made.apply({ type: "snapshot", instances: [] });
		expect(pick).toThrow('no instance of "who" is up');
		made.apply({ type: "up", instance: { ...a, addresses: ["carrier-pigeon://a"] } });
		expect(pick).toThrow('no instance of "who" can be called: no transport for carrier-pigeon://a');
		expect(log).toHaveBeenCalledWith("warn", "an instance cannot be called", expect.anything());
		made.apply({ type: "down", instance: a });
		expect(pick).toThrow('no instance of "who" is up');
	});
});

describe("waiting for an instance that could not be reached", () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	async function unreachable(failures: number) {
		const made = target(() => Promise.reject(new ServiceError({ code: "unavailable" })));
		made.target.apply({ type: "snapshot", instances: [a] });
		const member = made.target.pick(ctx, undefined);
		for (let n = 0; n < failures; n++) {
			vi.advanceTimersByTime(5_000);
			await member.attempt(run, {}, ctx).catch(() => {});
		}
		return { ...made, member };
	}

	test("ends when it may be tried again", async () => {
		const { target: made, member } = await unreachable(1);
		const ended = vi.fn();
		void made.whenReachable(ctx)?.then(ended);
		await vi.advanceTimersByTimeAsync(member.pausedUntil - performance.now() - 1);
		expect(ended).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(2);
		expect(ended).toHaveBeenCalledOnce();
		expect(made.whenReachable(ctx)).toBeUndefined();
	});

	test("is not worth it when another can be reached, the deadline is sooner, or it takes over a second", async () => {
		const { target: made } = await unreachable(1);
		expect(made.whenReachable(ctx.withTimeout(10))).toBeUndefined();
		made.apply({ type: "up", instance: b });
		expect(made.whenReachable(ctx)).toBeUndefined();
		expect((await unreachable(8)).target.whenReachable(ctx)).toBeUndefined();
	});

	test("ends with the context", async () => {
		const { target: made } = await unreachable(1);
		const { ctx: calling, cancel } = ctx.withCancel();
		const wait = made.whenReachable(calling);
		cancel();
		await expect(wait).rejects.toMatchObject({ code: "canceled" });
	});
});

describe("a registry that lets go of more than half at once", () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
	afterEach(() => void vi.useRealTimers());

	const down = (...instances: readonly (typeof a)[]): RegistryEvent[] =>
		instances.map((instance) => ({ type: "down", instance }));

	/** A target that knew three instances, and what it was told then; whoever is `dead` cannot be reached. */
	function told(events: readonly RegistryEvent[], dead: string[] = []) {
		const made = target(async () => {
			if (dead.includes(member?.instance.id ?? "")) throw new ServiceError({ code: "unavailable" });
		});
		let member: ReturnType<typeof made.target.pick> | undefined;
		const call = (tried?: readonly string[]) => {
			member = made.target.pick(ctx, tried);
			return member.attempt(run, {}, ctx).catch(() => {});
		};
		/** All who can be picked. */
		const known = (): string[] => {
			const ids: string[] = [];
			while (!ids.includes(made.pick(ids))) ids.push(made.pick(ids));
			return ids.sort();
		};
		made.target.apply({ type: "snapshot", instances: [a, b, c] });
		for (const event of events) made.target.apply(event);
		return { ...made, call, known };
	}

	test("is believed of the first of three only", () => {
		expect(told(down(a)).known()).toEqual(["b", "c"]);
		expect(told(down(a, b)).known()).toEqual(["b", "c"]);
		expect(told(down(a, b, c)).known()).toEqual(["b", "c"]);
	});

	test("is believed of none when it comes back empty", () => {
		expect(told([{ type: "snapshot", instances: [] }]).known()).toEqual(["a", "b", "c"]);
		expect(told([{ type: "snapshot", instances: [a] }]).known()).toEqual(["a", "b", "c"]);
	});

	test("is told in the log, once", () => {
		const { log } = told(down(a, b, c));
		expect(log).toHaveBeenCalledExactlyOnceWith("warn", expect.stringContaining("most instances"), {
			service: "who",
			of: 2,
			held: ["b"],
		});
	});

	test("is believed as soon as half of them are up", () => {
		const { target: made, known } = told([{ type: "snapshot", instances: [] }]);
		made.apply({ type: "up", instance: b });
		expect(known()).toEqual(["a", "b", "c"]);
		made.apply({ type: "up", instance: c });
		expect(known()).toEqual(["b", "c"]);
	});

	test("is believed of those that end one by one, down to the last", () => {
		const { target: made, known } = told(down(a));
		vi.advanceTimersByTime(10_000);
		made.apply({ type: "down", instance: b });
		expect(known()).toEqual(["c"]);
		vi.advanceTimersByTime(10_000);
		made.apply({ type: "down", instance: c });
		expect(known()).toEqual(["c"]);
	});

	test("is believed of one that cannot be reached, when another is up", async () => {
		const { call, known } = told(down(a, b), ["b"]);
		await call(["c"]);
		expect(known()).toEqual(["c"]);
		vi.advanceTimersByTime(60_000);
		expect(known()).toEqual(["c"]);
	});

	test.each(["before", "after"])("is believed of one whose address another has, told %s", (when) => {
		const events: RegistryEvent[] = [{ type: "up", instance: { ...a, id: "a2" } }, ...down(b, c, a)];
		expect(told(when === "before" ? events : events.reverse()).known()).toContain("a2");
		expect(told(when === "before" ? events : events.reverse()).known()).not.toContain("a");
	});

	test("leaves nobody to call while none of them can be reached, but forgets none", async () => {
		const dead = ["a", "b", "c"];
		const { call, pick, known } = told([{ type: "snapshot", instances: [] }], dead);
		for (const tried of [[], ["a"], ["a", "b"]]) await call(tried);
		expect(pick).toThrow('no instance of "who" is up');
		dead.length = 0;
		vi.advanceTimersByTime(100);
		await call();
		expect(known()).toEqual(["a", "b", "c"]);
	});

	test("is not asked about an instance that says itself that it goes", () => {
		const leaving = [a, b, c].map(
			(each) => ({ type: "up", instance: { ...each, status: "draining" } }) as const,
		);
		expect(told(leaving).pick).toThrow('no instance of "who" is up');
	});
});

test("a balancer is given the same candidates until something changes", async () => {
	const given: unknown[] = [];
	const fails = [false, true, false];
	const { target: made } = target(
		async () => {
			if (fails.shift()) throw new ServiceError({ code: "unavailable" });
		},
		(candidates) => given.push(candidates),
	);
	made.apply({ type: "snapshot", instances: [a, b] });
	for (const tried of [undefined, [], undefined]) {
		await made
			.pick(ctx, tried)
			.attempt(run, {}, ctx)
			.catch(() => {});
	}
	made.pick(ctx, undefined);
	expect(new Set(given.slice(0, 2)).size).toBe(1);
	expect(new Set(given.slice(2)).size).toBe(1);
	expect(given[2]).not.toBe(given[1]);
});

describe("an instance that goes", () => {
	test("is left when its last call has ended", async () => {
		const reply = Promise.withResolvers<void>();
		const { target: made, closed } = target(() => reply.promise);
		made.apply({ type: "snapshot", instances: [a, b] });
		const call = made.pick(ctx, undefined).attempt(run, {}, ctx);
		made.apply({ type: "down", instance: a });
		await Promise.resolve();
		expect(closed).toEqual([]);
		reply.resolve();
		await call;
		expect(closed).toEqual(["memory://a"]);
	});

	test("is left at once when the target is closed", async () => {
		const { target: made, closed } = target(() => new Promise(() => {}));
		made.apply({ type: "snapshot", instances: [a] });
		void made.pick(ctx, undefined).attempt(run, {}, ctx);
		made.apply({ type: "snapshot", instances: [b] });
		await made.close();
		expect(closed.toSorted()).toEqual(["memory://a", "memory://b"]);
	});

	test("does not come back to a target that is closed", async () => {
		const { target: made, join } = target();
		await made.close();
		made.apply({ type: "up", instance: a });
		expect(join).not.toHaveBeenCalled();
	});
});
