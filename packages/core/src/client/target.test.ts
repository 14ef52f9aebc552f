import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Balancer } from "../balancer/balancer.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { RegistryEvent } from "../registry/registry.ts";
import type { Peer, Transport } from "../transport/transport.ts";
import { Choice } from "./candidates.ts";
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
function target(
	endpoint: Endpoint = async () => {},
	given: (candidates: unknown) => void = () => {},
	describe: (id: string) => Promise<unknown> = async () => ({}),
) {
	const closed: string[] = [];
	const transport = {
		scheme: "memory",
		dial: (address: string): Peer => ({
			endpoint: (method) =>
				method.service === "allium.reflection" ? () => describe(address.slice("memory://".length)) : endpoint,
			isShared: address === "memory://queue",
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
	const choice = new Choice(run);
	const pickMember = (tried?: readonly string[]) => made.pick(choice, ctx, tried);
	const pick = (tried?: readonly string[]) => pickMember(tried).id;
	return { target: made, choice, pick, pickMember, join, load, closed, log };
}

const unhealthy = (one: typeof a): typeof a => ({ ...one, status: "unhealthy" });

describe("the memory of an instance", () => {
	test("survives updates that do not change where it is", () => {
		const { target: made, join, pickMember } = target();
		made.apply({ type: "snapshot", instances: [a, b] });
		made.apply({ type: "snapshot", instances: [b, { ...a, labels: { x: "1" } }] });
		made.apply({ type: "up", instance: { ...a, weight: 2 } });
		expect(join).toHaveBeenCalledTimes(2);
		expect(pickMember(["b"]).instance.weight).toBe(2);
	});

	test("is forgotten when it moves", async () => {
		const { target: made, join, closed } = target();
		made.apply({ type: "snapshot", instances: [a] });
		made.apply({ type: "up", instance: { ...a, addresses: ["memory://elsewhere"] } });
		expect(join).toHaveBeenCalledTimes(2);
		await vi.waitFor(() => expect(closed).toEqual(["memory://a"]));
	});
});

describe("instances that share an address", () => {
	const behind = (one: typeof a): typeof a => ({ ...one, addresses: ["memory://queue"] });

	test("are one to the balancer, beside those that are called apart", () => {
		const seen: string[][] = [];
		const { target: made, pick } = target(undefined, (candidates) => {
			seen.push((candidates as { readonly id: string }[]).map(({ id }) => id));
		});
		made.apply({ type: "snapshot", instances: [behind(a), b, behind(c)] });
		expect(pick()).toBe("a");
		expect(seen).toEqual([["a", "b"]]);
		made.apply({ type: "down", instance: behind(a), released: true });
		expect(pick()).toBe("b");
		expect(seen.at(-1)).toEqual(["b", "c"]);
	});

	test("are not held when the source lets one of them go, as the others would answer in its place", () => {
		const { target: made, pick, log } = target();
		made.apply({ type: "snapshot", instances: [behind(a), behind(c)] });
		made.apply({ type: "down", instance: behind(c) });
		made.apply({ type: "down", instance: behind(a) });
		// The last one stands for the queue.
		expect(pick()).toBe("a");
		expect(log).not.toHaveBeenCalled();
	});

	test("are called apart with a stream, which takes another way", () => {
		const { target: made } = target();
		made.apply({ type: "snapshot", instances: [behind(a), behind(c)] });
		const choice = new Choice({ ...run, kind: "server_stream" });
		expect(made.pick(choice, ctx, ["a"]).id).toBe("c");
	});
});

describe("picking", () => {
	test("avoids what was tried, while there is another", () => {
		const { target: made, pick } = target();
		made.apply({ type: "snapshot", instances: [a, b] });
		expect([pick(), pick(["a"]), pick(["a", "b"])]).toEqual(["a", "b", "a"]);
	});

	test("avoids what could not be reached, while there is another", async () => {
		const {
			target: made,
			pick,
			pickMember,
		} = target(() => Promise.reject(new ServiceError({ code: "unavailable" })));
		made.apply({ type: "snapshot", instances: [a, b] });
		await pickMember()
			.attempt(run, {}, ctx)
			.catch(() => {});
		expect([pick(), pick(["b"])]).toEqual(["b", "a"]);
	});

	test("avoids it still when a call there was given up, no more when one got through", async () => {
		const outcomes = ["unavailable", "canceled", "not_found"] as const;
		const codes = outcomes.values();
		const {
			target: made,
			pick,
			pickMember,
		} = target(() => Promise.reject(new ServiceError({ code: codes.next().value ?? "internal" })));
		made.apply({ type: "snapshot", instances: [a, b] });
		const member = pickMember();
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

	test("leaves out unhealthy instances, while at least half are healthy", () => {
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

	test("takes unhealthy instances rather than none, and draining ones never", () => {
		const { target: made, pick } = target();
		made.apply({ type: "snapshot", instances: [unhealthy(a), { ...b, status: "draining" }] });
		expect([pick(), pick(["a"])]).toEqual(["a", "a"]);
	});

	test("takes unhealthy instances rather than unreachable ones", async () => {
		const {
			target: made,
			pick,
			pickMember,
		} = target(() => Promise.reject(new ServiceError({ code: "unavailable" })));
		made.apply({ type: "snapshot", instances: [a, unhealthy(b)] });
		await expect(pickMember().attempt(run, {}, ctx)).rejects.toThrow();
		expect(pick()).toBe("b");
	});

	test("remembers unhealthy instances, for when they are healthy again", () => {
		const { target: made, join, closed } = target();
		made.apply({ type: "snapshot", instances: [a, b] });
		made.apply({ type: "up", instance: unhealthy(a) });
		made.apply({ type: "up", instance: a });
		expect([join.mock.calls.length, closed]).toEqual([2, []]);
	});

	test("names the reason where there is nothing to pick", () => {
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
		const member = made.pickMember();
		for (let n = 0; n < failures; n++) {
			vi.advanceTimersByTime(5_000);
			await member.attempt(run, {}, ctx).catch(() => {});
		}
		return { ...made, member };
	}

	test("ends when it may be tried again", async () => {
		const { target: made, member } = await unreachable(1);
		const ended = vi.fn();
		void made.whenReachable(new Choice(run), ctx)?.then(ended);
		await vi.advanceTimersByTimeAsync(member.pausedUntil - performance.now() - 1);
		expect(ended).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(2);
		expect(ended).toHaveBeenCalledOnce();
		expect(made.whenReachable(new Choice(run), ctx)).toBeUndefined();
	});

	test("is not worth it when another can be reached, the deadline is sooner, or it takes long", async () => {
		const { target: made } = await unreachable(1);
		expect(made.whenReachable(new Choice(run), ctx.withTimeout(10))).toBeUndefined();
		made.apply({ type: "up", instance: b });
		expect(made.whenReachable(new Choice(run), ctx)).toBeUndefined();
		expect((await unreachable(8)).target.whenReachable(new Choice(run), ctx)).toBeUndefined();
	});

	test("ends with the context", async () => {
		const { target: made } = await unreachable(1);
		const { ctx: calling, cancel } = ctx.withCancel();
		const wait = made.whenReachable(new Choice(run), calling);
		cancel();
		await expect(wait).rejects.toMatchObject({ code: "canceled" });
	});
});

describe("a registry that does not list instances any more", () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
	afterEach(() => void vi.useRealTimers());

	const down = (...instances: readonly (typeof a)[]): RegistryEvent[] =>
		instances.map((instance) => ({ type: "down", instance }));
	const everybody = ["a", "b", "c"];

	/** A target that knew three instances and was then told of these events. Instances in `dead` cannot be reached. */
	async function told(events: readonly RegistryEvent[], dead: string[] = [], strangers: string[] = []) {
		const unreachable = new ServiceError({ code: "unavailable" });
		const notServed = new ServiceError({ code: "not_found", reason: "no_such_service" });
		let picked = "";
		const made = target(
			async () => {
				if (dead.includes(picked)) throw unreachable;
			},
			() => {},
			async (id) => {
				if (dead.includes(id)) throw unreachable;
				if (strangers.includes(id)) throw notServed;
			},
		);
		const call = (tried?: readonly string[]) => {
			const member = made.pickMember(tried);
			picked = member.id;
			return member.attempt(run, {}, ctx).catch(() => {});
		};
		/** The ids of all members that can be picked. */
		const known = (): string[] => {
			const ids: string[] = [];
			while (!ids.includes(made.pick(ids))) ids.push(made.pick(ids));
			return ids.sort();
		};
		const tell = async (more: readonly RegistryEvent[]): Promise<void> => {
			for (const event of more) made.target.apply(event);
			// Until all who were let go were asked whether they are there.
			for (let turns = 0; turns < 20; turns++) await Promise.resolve();
		};
		made.target.apply({ type: "snapshot", instances: [a, b, c] });
		await tell(events);
		return { ...made, call, known, tell };
	}

	test.each([
		["one by one, or all", [down(a), down(a, b), down(a, b, c)]],
		[
			"in a snapshot that is short or empty",
			[[{ type: "snapshot", instances: [a] }], [{ type: "snapshot", instances: [] }]],
		],
	] as const)("takes nobody away who answers: %s", async (_, cases) => {
		for (const events of cases) expect((await told(events)).known()).toEqual(everybody);
	});

	test("is told in the log, once, until all are listed again", async () => {
		const { log, tell } = await told(down(a, b, c));
		expect(log).toHaveBeenCalledExactlyOnceWith("warn", expect.stringContaining("that answer"), {
			service: "who",
			instances: everybody,
		});
		await tell([a, b, c].map((instance) => ({ type: "up", instance })));
		await tell(down(b));
		expect(log).toHaveBeenCalledTimes(2);
	});

	test("is believed of released instances, down to the last", async () => {
		const released = down(a, b, c).map((event) => ({ ...event, released: true }));
		expect((await told(released.slice(0, 2))).known()).toEqual(["c"]);
		expect((await told(released)).pick).toThrow('no instance of "who" is up');
	});

	test("is believed of an unreachable instance, when another is listed", async () => {
		expect((await told(down(a, b), ["b"])).known()).toEqual(["a", "c"]);
	});

	test("is believed of an instance that becomes unreachable later, when another is listed", async () => {
		const dead: string[] = [];
		const { call, known } = await told(down(a, b), dead);
		dead.push("b");
		await call(["a", "c"]);
		expect(known()).toEqual(["a", "c"]);
		vi.advanceTimersByTime(60_000);
		expect(known()).toEqual(["a", "c"]);
	});

	test("is believed of an instance that falls silent later, without a call, when another is listed", async () => {
		const dead: string[] = [];
		vi.useFakeTimers();
		const { known } = await told(down(a, b), dead);
		expect(known()).toEqual(everybody);
		dead.push("b");
		await vi.advanceTimersByTimeAsync(5_000);
		expect(known()).toEqual(["a", "c"]);
	});

	test("is believed of one whose address another process has, even of the last", async () => {
		expect((await told(down(a), [], ["a"])).known()).toEqual(["b", "c"]);
		expect((await told(down(a, b, c), [], everybody)).pick).toThrow('no instance of "who" is up');
	});

	test.each(["before", "after"])("is believed of one whose address another has, told %s", async (when) => {
		const events: RegistryEvent[] = [{ type: "up", instance: { ...a, id: "a2" } }, ...down(b, c, a)];
		const { known } = await told(when === "before" ? events : events.reverse());
		expect(known()).toEqual(["a2", "b", "c"]);
	});

	test("is believed of one at whose address a younger one was listed before it", async () => {
		const younger = { ...a, id: "a2", startedAt: "2026-01-02T00:00:00Z" };
		const { known, target: made } = await told([{ type: "snapshot", instances: [] }]);
		made.apply({ type: "snapshot", instances: [younger, a, b, c] });
		made.apply({ type: "down", instance: a });
		expect(known()).toEqual(["a2", "b", "c"]);
	});

	test("leaves no instance to call while none of them can be reached, but forgets none", async () => {
		const dead = [...everybody];
		const { call, pick, known } = await told([{ type: "snapshot", instances: [] }], dead);
		expect(pick).toThrow('no instance of "who" is up');
		dead.length = 0;
		vi.advanceTimersByTime(100);
		await call();
		expect(known()).toEqual(everybody);
	});

	test("is not asked about an instance that says itself that it goes", async () => {
		const leaving = [a, b, c].map(
			(each) => ({ type: "up", instance: { ...each, status: "draining" } }) as const,
		);
		expect((await told(leaving)).pick).toThrow('no instance of "who" is up');
	});
});

describe("instances of different versions", () => {
	const { added } = contract("who", { added: method({}) });
	const old = { ...a, services: [{ name: "who", version: "1.0.0", hash: "1" }] };
	const young = { ...b, services: [{ name: "who", version: "1.1.0", hash: "2" }] };
	const unknown = (id: string) => ({ ...a, id, addresses: [`memory://${id}`] });
	const described = (hash: string, ...methods: string[]) => {
		const kind = { kind: "unary", effect: "write", input: {}, output: {}, errors: {} };
		return {
			name: "who",
			version: "",
			hash,
			methods: Object.fromEntries(methods.map((name) => [name, kind])),
		};
	};

	async function mixed(instances: readonly (typeof a)[], describe: (id: string) => Promise<unknown>) {
		const asked = vi.fn(describe);
		const made = target(undefined, undefined, asked);
		const choices = { run: made.choice, added: new Choice(added) };
		const ids = (of: keyof typeof choices): string[] => {
			const found: string[] = [];
			const next = () => made.target.pick(choices[of], ctx, found).id;
			for (let id = next(); !found.includes(id); id = next()) found.push(id);
			return found.sort();
		};
		made.target.apply({ type: "snapshot", instances });
		ids("added");
		await made.target.whenDescribed(choices.added, ctx);
		return { ...made, asked, ids, choices };
	}
	const byHash = async (id: string) => (id === "a" ? described("1", "run") : described("2", "run", "added"));

	test("are candidates only for the methods that they have", async () => {
		const { ids } = await mixed([old, young], byHash);
		expect([ids("run"), ids("added")]).toEqual([["a", "b"], ["b"]]);
	});

	test("are asked once for each hash, and not at all while all are alike", async () => {
		const third = { ...young, id: "c", addresses: ["memory://c"] };
		const { asked, target: made, ids } = await mixed([young, third], byHash);
		expect(asked).not.toHaveBeenCalled();
		made.apply({ type: "up", instance: old });
		ids("added");
		await vi.waitFor(() => expect(ids("added")).toEqual(["b", "c"]));
		expect(asked.mock.calls).toEqual([["b"], ["a"]]);
	});

	test("are asked one by one where the source knows no hashes", async () => {
		const { ids, asked } = await mixed([unknown("a"), unknown("b"), unknown("c")], byHash);
		expect(ids("added")).toEqual(["b", "c"]);
		expect(asked).toHaveBeenCalledTimes(3);
	});

	test("may have a method that no description lists", async () => {
		const { ids } = await mixed([old, { ...young }], async (id) => described(id, "run"));
		expect(ids("added")).toEqual(["a", "b"]);
	});

	test("may have any method while they do not describe themselves", async () => {
		const { ids } = await mixed([old, young], () =>
			Promise.reject(new ServiceError({ code: "unauthenticated" })),
		);
		expect(ids("added")).toEqual(["a", "b"]);
	});

	test("are asked again when they are registered with another hash", async () => {
		let upgraded = false;
		const { target: made, ids } = await mixed([old, young], async (id) =>
			id === "a" && !upgraded ? described("1", "run") : described("2", "run", "added"),
		);
		expect(ids("added")).toEqual(["b"]);
		upgraded = true;
		made.apply({ type: "up", instance: { ...old, services: young.services } });
		expect(ids("added")).toEqual(["a", "b"]);
	});

	test("give a balancer the same candidates for all methods that all have", async () => {
		const given: unknown[] = [];
		const made = target(
			undefined,
			(candidates) => given.push(candidates),
			async () => described("", "run", "added"),
		);
		const choices = [new Choice(run), new Choice(added)];
		made.target.apply({ type: "snapshot", instances: [old, young] });
		made.pick();
		await made.target.whenDescribed(made.choice, ctx);
		given.length = 0;
		for (const choice of choices) made.target.pick(choice, ctx, undefined);
		expect(given).toHaveLength(2);
		expect(given[0]).toBe(given[1]);
	});
});

test("a balancer is given the same candidates until something changes", async () => {
	const given: unknown[] = [];
	const fails = [false, true, false];
	const { target: made, pickMember } = target(
		async () => {
			if (fails.shift()) throw new ServiceError({ code: "unavailable" });
		},
		(candidates) => given.push(candidates),
	);
	made.apply({ type: "snapshot", instances: [a, b] });
	for (const tried of [undefined, [], undefined]) {
		await pickMember(tried)
			.attempt(run, {}, ctx)
			.catch(() => {});
	}
	pickMember();
	expect(new Set(given.slice(0, 2)).size).toBe(1);
	expect(new Set(given.slice(2)).size).toBe(1);
	expect(given[2]).not.toBe(given[1]);
});

describe("an instance that goes", () => {
	test("is left when its last call has ended", async () => {
		const reply = Promise.withResolvers<void>();
		const { target: made, closed, pickMember } = target(() => reply.promise);
		made.apply({ type: "snapshot", instances: [a, b] });
		const call = pickMember().attempt(run, {}, ctx);
		made.apply({ type: "down", instance: a, released: true });
		await Promise.resolve();
		expect(closed).toEqual([]);
		reply.resolve();
		await call;
		expect(closed).toEqual(["memory://a"]);
	});

	test("is left at once when the target is closed", async () => {
		const { target: made, closed, pickMember } = target(() => new Promise(() => {}));
		made.apply({ type: "snapshot", instances: [a] });
		void pickMember().attempt(run, {}, ctx);
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
