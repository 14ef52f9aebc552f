import { describe, expect, test, vi } from "vitest";
import { pickedInstance } from "../balancer/picked-instance.ts";
import { roundRobin } from "../balancer/round-robin.ts";
import { triedInstances } from "../balancer/tried-instances.ts";
import { Context } from "../context/context.ts";
import { ResponseMetadata } from "../context/response.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { retry } from "../middleware/retry.ts";
import type { Service } from "../service/service.ts";
import { createClient } from "./client.ts";
import { Cluster } from "./fixtures/cluster.ts";
import { clientOf, failure, started, Who, who } from "./fixtures/who.ts";
import { PeerPool } from "./peer-pool.ts";

describe("a client of an address", () => {
	test("calls an instance that is there", async () => {
		const { transport } = await started("a");
		await using client = createClient(Who, { url: "memory://a", transports: [transport] });
		expect(await client.read({})).toEqual({ from: "a" });
	});

	test("says so when no transport is there for it", async () => {
		await using client = createClient(Who, { url: "carrier-pigeon://a", transports: [] });
		expect(await failure(client.write({}))).toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("no transport for carrier-pigeon://a"),
		});
	});
});

describe("a client with a registry", () => {
	test("finds instances that were there, and those that come", async () => {
		const cluster = await started("a");
		await using client = clientOf(cluster);
		expect(await client.read({})).toEqual({ from: "a" });
		await cluster.start("b", Who, who("b"));
		await vi.waitFor(async () => expect(await client.read({})).toEqual({ from: "b" }));
	});

	test("leaves instances that went", async () => {
		const cluster = await started("a", "b");
		await using client = clientOf(cluster);
		await client.read({});
		await cluster.deregister("a");
		await vi.waitFor(async () => {
			const seen = await Promise.all([client.read({}), client.read({})]);
			expect(seen).toEqual([{ from: "b" }, { from: "b" }]);
		});
	});

	test("passes over instances that drain, serve something else or live elsewhere", async () => {
		const cluster = await started("a", "b", "c", "d");
		await cluster.register("b", Who, { status: "draining" });
		await cluster.register("c", Who, { services: [] });
		await cluster.deregister("d");
		await cluster.register("d", Who, { namespace: "other" });
		await using client = createClient(Who, {
			registry: cluster.registry,
			namespace: "default",
			transports: [cluster.transport],
			balancer: roundRobin(),
		});
		for (let calls = 0; calls < 6; calls++) expect(await client.read({})).toEqual({ from: "a" });
	});

	test("says in which registry and namespace there is no instance", async () => {
		const { registry, transport } = new Cluster();
		const located = Object.assign(registry, { location: "sqlite:///srv/.allium" });
		await using client = createClient(Who, {
			registry: located,
			namespace: "staging",
			transports: [transport],
			middleware: [],
		});
		const { message } = await failure(client.write({}));
		expect(message).toBe('no instance of "who" is up in sqlite:///srv/.allium (namespace staging)');
	});

	test("is unavailable while there is no instance", async () => {
		await using client = clientOf(new Cluster(), { middleware: [] });
		expect(await failure(client.write({}))).toMatchObject({
			code: "unavailable",
			reason: "no_instance",
			message: 'no instance of "who" is up',
			notExecuted: true,
		});
	});
});

describe("connections", () => {
	test("are opened by the first call, and then reused", async () => {
		const cluster = await started("a");
		await using client = clientOf(cluster);
		expect(cluster.connections).toEqual([]);
		await Promise.all(Array.from({ length: 50 }, () => client.read({})));
		await client.read({});
		expect(cluster.connections).toEqual(["a"]);
	});

	test("survive a change of the instance's record", async () => {
		const cluster = await started("a");
		await using client = clientOf(cluster);
		await client.read({});
		await cluster.register("a", Who, { labels: { changed: "yes" } });
		await cluster.start("b", Who, who("b"));
		await vi.waitFor(async () => expect(await client.read({})).toEqual({ from: "b" }));
		await client.read({});
		expect(cluster.connections).toEqual(["a", "b"]);
	});

	test("are shared between clients of one pool, and closed by the last", async () => {
		const cluster = await started("a");
		const peers = new PeerPool([cluster.transport]);
		const one = createClient(Who, { url: "memory://a", peers });
		const other = createClient(Who, { url: "memory://a", peers });
		await Promise.all([one.read({}), other.read({})]);
		expect(cluster.connections).toEqual(["a"]);
		await one[Symbol.asyncDispose]();
		expect(await other.read({})).toEqual({ from: "a" });
		await other[Symbol.asyncDispose]();
		await using third = createClient(Who, { url: "memory://a", peers });
		await third.read({});
		expect(cluster.connections).toEqual(["a", "a"]);
	});
});

describe("the layers", () => {
	test("wrap the whole call once, and each attempt after the pick", async () => {
		const cluster = await started("a", "b");
		cluster.kill("a");
		cluster.kill("b");
		await cluster.start("c", Who, who("c"));
		const seen: string[] = [];
		const whole: Middleware =
			(next, { name }) =>
			(input, ctx) => {
				seen.push(`call ${name} of ${pickedInstance(ctx)?.id}`);
				return next(input, ctx);
			};
		const attempt: Middleware = (next) => (input, ctx) => {
			seen.push(`attempt at ${pickedInstance(ctx)?.id} after ${triedInstances(ctx).slice(0, -1)}`);
			return next(input, ctx);
		};
		const first = { join: () => ({ start() {}, end() {} }), pick: <C>(all: readonly C[]) => all[0] };
		await using client = clientOf(cluster, {
			middleware: [whole, retry()],
			attempt: [attempt],
			balancer: first,
		});
		expect(await client.write({})).toEqual({ from: "c" });
		expect(seen).toEqual([
			"call write of undefined",
			"attempt at a after ",
			"attempt at b after a",
			"attempt at c after a,b",
		]);
	});

	test("have a timeout of 10 s by default, which giving one's own replaces", async () => {
		const cluster = new Cluster();
		const remaining: number[] = [];
		const read: Service<typeof Who>["read"] = async (_, ctx) => {
			remaining.push(ctx.remaining());
			return { from: "a" };
		};
		await cluster.start("a", Who, who("a", { read }));
		await using standard = clientOf(cluster);
		await using bare = clientOf(cluster, { middleware: [] });
		await standard.read({});
		await bare.read({});
		expect(remaining[0]).toBeGreaterThan(9_000);
		expect(remaining[0]).toBeLessThanOrEqual(10_000);
		expect(remaining[1]).toBe(Number.POSITIVE_INFINITY);
	});

	test("give the caller the metadata of the last attempt only", async () => {
		const cluster = new Cluster();
		let attempts = 0;
		const read: Service<typeof Who>["read"] = async (_, ctx) => {
			ctx.response.trailers.append("attempt", String(++attempts));
			if (attempts === 1) throw new ServiceError({ code: "unavailable" });
			return { from: "a" };
		};
		await cluster.start("a", Who, who("a", { read }));
		await using client = clientOf(cluster, { middleware: [retry({ firstDelayMs: 1 })] });
		const received = new ResponseMetadata();
		await client.read({}, Context.background().withResponse(received));
		expect(received.trailers.getAll("attempt")).toEqual(["2"]);
	});
});

describe("a call without a context", () => {
	test("is told of, and made all the same", async () => {
		const cluster = await started("a");
		const onMissingContext = vi.fn();
		await using client = clientOf(cluster, { onMissingContext });
		await client.read({}, Context.background());
		expect(onMissingContext).not.toHaveBeenCalled();
		await client.read({});
		expect(onMissingContext).toHaveBeenCalledExactlyOnceWith(Who.read);
	});
});

describe("errors on the way", () => {
	test("are marked as the callee's, so that a handler does not pass them off as its own", async () => {
		await using client = clientOf(new Cluster(), { middleware: [] });
		const { ctx, cancel } = Context.background().withCancel();
		cancel();
		expect(await failure(client.read({}))).toMatchObject({ reason: "no_instance", domain: "who" });
		expect(await failure(client.read({}, ctx))).toMatchObject({ domain: "who" });
		expect(ctx.error?.domain).toBeUndefined();
	});
});

describe("a stream of a client", () => {
	test("begins when it is read, not before", async () => {
		const cluster = await started("a");
		await using client = clientOf(cluster);
		const messages = client.count({});
		await client.read({});
		const asked = vi.fn();
		await cluster.start("a", Who, who("a", { count: asked }));
		expect(asked).not.toHaveBeenCalled();
		expect(await Array.fromAsync(messages)).toHaveLength(3);
	});

	test("cancels its handler when it is broken out of", async () => {
		const cluster = new Cluster();
		const stopped = vi.fn();
		async function* count(_: unknown, ctx: Context) {
			try {
				for (let n = 0; ; n++) yield { n };
			} finally {
				stopped(ctx.error?.code);
			}
		}
		await cluster.start("a", Who, who("a", { count }));
		await using client = clientOf(cluster);
		for await (const { n } of client.count({})) if (n === 5) break;
		await vi.waitFor(() => expect(stopped).toHaveBeenCalledExactlyOnceWith("canceled"));
	});
});
