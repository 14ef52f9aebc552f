import { describe, expect, test, vi } from "vitest";
import type { Balancer } from "../balancer/balancer.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
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
function target(endpoint: Endpoint = async () => {}) {
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
	const balancer: Balancer = { join, pick: (candidates) => candidates[0] };
	const log = vi.fn();
	const made = new Target({ service: "who", balancer, peers: new PeerPool([transport]), logger: { log } });
	const pick = (tried?: readonly string[]) => made.pick(ctx, tried).instance.id;
	return { target: made, pick, join, load, closed, log };
}

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

describe("a registry that comes back empty", () => {
	function emptied() {
		const made = target();
		made.target.apply({ type: "snapshot", instances: [a, b] });
		made.target.apply({ type: "snapshot", instances: [] });
		return made;
	}

	test("does not take away those who were up before", () => {
		expect(emptied().pick()).toBe("a");
	});

	test("takes them away as soon as one is up again", () => {
		const { target: made, pick } = emptied();
		made.apply({ type: "up", instance: b });
		expect([pick(), pick(["b"])]).toEqual(["b", "b"]);
	});

	test("takes away those of whom it says that they are down, or drain", () => {
		const { target: made, pick } = emptied();
		made.apply({ type: "down", instance: a });
		expect(pick()).toBe("b");
		made.apply({ type: "snapshot", instances: [{ ...b, status: "draining" }] });
		expect(pick).toThrow('no instance of "who" is up');
	});

	test("takes away whom a later snapshot with others lacks", () => {
		const { target: made, pick } = emptied();
		made.apply({ type: "snapshot", instances: [c] });
		expect([pick(), pick(["c"])]).toEqual(["c", "c"]);
	});
});

describe("an instance that goes", () => {
	test("is left when its last call has ended", async () => {
		const reply = Promise.withResolvers<void>();
		const { target: made, closed } = target(() => reply.promise);
		made.apply({ type: "snapshot", instances: [a] });
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
