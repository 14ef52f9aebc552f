import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { roundRobin } from "../balancer/round-robin.ts";
import { type Outcome, onSettled } from "../context/call-scope.ts";
import { Context } from "../context/context.ts";
import { ResponseMetadata } from "../context/response.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { isServiceError, ServiceError } from "../errors/service-error.ts";
import { retry } from "../middleware/retry.ts";
import type { Service } from "../service/service.ts";
import { type ClientLayers, createClient } from "./client.ts";
import { Cluster } from "./fixtures/cluster.ts";
import { pickedInstance } from "./member.ts";
import { PeerPool } from "./peer-pool.ts";
import { triedInstances } from "./tried-instances.ts";

const answer = z.object({ from: z.string() });
const Who = contract("who", {
	read: method({ output: answer, effect: "read" }),
	write: method({ output: answer }),
	count: method({ output: stream(z.object({ n: z.int() })), effect: "read" }),
	hang: method({}),
});

/** A service that says which instance it is. */
function who(from: string, more: Partial<Service<typeof Who>> = {}): Service<typeof Who> {
	return {
		read: async () => ({ from }),
		write: async () => ({ from }),
		async *count() {
			for (let n = 1; n <= 3; n++) yield { n };
		},
		hang: (_, ctx) =>
			new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.error))),
		...more,
	};
}

async function started(...ids: string[]): Promise<Cluster> {
	const cluster = new Cluster();
	for (const id of ids) await cluster.start(id, Who, who(id));
	return cluster;
}

function clientOf({ registry, transport }: Cluster, layers: ClientLayers = {}) {
	return createClient(Who, { registry, transports: [transport], balancer: roundRobin(), ...layers });
}

const failure = (promise: Promise<unknown>): Promise<ServiceError> =>
	promise.then(
		() => expect.unreachable("the call succeeded"),
		(error) => (isServiceError(error) ? error : expect.unreachable(`not a ServiceError: ${error}`)),
	);

afterEach(() => void vi.restoreAllMocks());

describe("a client of an address", () => {
	test("calls what is there", async () => {
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

describe("an instance that died without a word", () => {
	test("costs no call, not even one that writes", async () => {
		const cluster = await started("a", "b");
		cluster.kill("a");
		await using client = clientOf(cluster);
		for (let calls = 0; calls < 10; calls++) expect(await client.write({})).toEqual({ from: "b" });
	});

	test("is passed over for a while", async () => {
		const cluster = await started("a", "b");
		cluster.kill("a");
		const picks: (string | undefined)[] = [];
		const watch: Middleware = (next) => (input, ctx) => {
			picks.push(pickedInstance(ctx)?.id);
			return next(input, ctx);
		};
		await using client = clientOf(cluster, { attempt: [watch] });
		for (let calls = 0; calls < 10; calls++) await client.write({});
		expect(picks.filter((id) => id === "a").length).toBeLessThanOrEqual(2);
	});

	test("costs no call that reads, even when it takes calls along", async () => {
		const cluster = await started("b");
		const arrived = vi.fn();
		const stuck = (): Promise<never> => {
			arrived();
			return new Promise(() => {});
		};
		await cluster.start("a", Who, who("a", { read: stuck }));
		await using client = clientOf(cluster);
		const calls = Array.from({ length: 4 }, () => client.read({}));
		await vi.waitFor(() => expect(arrived).toHaveBeenCalledTimes(2));
		cluster.kill("a");
		for (const call of calls) expect(await call).toEqual({ from: "b" });
	});

	test("takes a call that writes along: nobody knows whether it was done", async () => {
		const cluster = new Cluster();
		const arrived = vi.fn();
		const write = (): Promise<never> => {
			arrived();
			return new Promise(() => {});
		};
		await cluster.start("a", Who, who("a", { write }));
		await using client = clientOf(cluster);
		const call = failure(client.write({}));
		await vi.waitFor(() => expect(arrived).toHaveBeenCalled());
		cluster.kill("a");
		expect(await call).toMatchObject({ code: "unavailable", notExecuted: false });
	});
});

describe("a callee that is unavailable for once", () => {
	async function hiccup() {
		const cluster = new Cluster();
		const fail = (from: string) =>
			vi.fn(async () => ({ from })).mockRejectedValueOnce(new ServiceError({ code: "unavailable" }));
		const [read, write] = [fail("a"), fail("a")];
		await cluster.start("a", Who, who("a", { read, write }));
		return { cluster, read, write };
	}

	test("is asked again for what reads", async () => {
		const { cluster, read } = await hiccup();
		await using client = clientOf(cluster, { middleware: [retry({ firstDelayMs: 1 })] });
		expect(await client.read({})).toEqual({ from: "a" });
		expect(read).toHaveBeenCalledTimes(2);
	});

	test("is not asked again for what writes", async () => {
		const { cluster, write } = await hiccup();
		await using client = clientOf(cluster, { middleware: [retry({ firstDelayMs: 1 })] });
		expect(await failure(client.write({}))).toMatchObject({ code: "unavailable" });
		expect(write).toHaveBeenCalledOnce();
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
			seen.push(`attempt at ${pickedInstance(ctx)?.id} after ${ctx.get(triedInstances)?.slice(0, -1)}`);
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

describe("onSettled on a client", () => {
	/** Notes how each call ends. */
	function noting(outcomes: Outcome[]): Middleware {
		return (next) => (input, ctx) => {
			onSettled(ctx, (outcome) => outcomes.push(outcome));
			return next(input, ctx);
		};
	}
	const failed = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) });

	test("tells of a reply and of an error", async () => {
		const cluster = await started("a");
		const outcomes: Outcome[] = [];
		await using client = clientOf(cluster, { middleware: [noting(outcomes)] });
		await client.read({});
		expect(outcomes).toEqual([{ ok: true }]);
		const { ctx, cancel } = Context.background().withCancel();
		const call = failure(client.hang({}, ctx));
		cancel();
		await call;
		expect(outcomes[1]).toEqual(failed("canceled"));
	});

	test("tells of a stream when it was read to its end", async () => {
		const cluster = await started("a");
		const outcomes: Outcome[] = [];
		await using client = clientOf(cluster, { middleware: [noting(outcomes)] });
		for await (const { n } of client.count({})) if (n === 3) expect(outcomes).toEqual([]);
		expect(outcomes).toEqual([{ ok: true }]);
	});

	test("tells of a stream that was broken out of", async () => {
		const cluster = await started("a");
		const outcomes: Outcome[] = [];
		await using client = clientOf(cluster, { middleware: [noting(outcomes)] });
		for await (const _ of client.count({})) break;
		expect(outcomes).toEqual([failed("canceled")]);
	});

	test("tells of each attempt on its own", async () => {
		const cluster = await started("a", "b");
		cluster.kill("a");
		const outcomes: Outcome[] = [];
		const first = { join: () => ({ start() {}, end() {} }), pick: <C>(all: readonly C[]) => all[0] };
		await using client = clientOf(cluster, { attempt: [noting(outcomes)], balancer: first });
		await client.write({});
		expect(outcomes).toEqual([failed("unavailable"), { ok: true }]);
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

describe("closing", () => {
	test("refuses further calls, which were never executed", async () => {
		const cluster = await started("a");
		const client = clientOf(cluster);
		await client.read({});
		await client[Symbol.asyncDispose]();
		const refused = { code: "unavailable", reason: "client_closed", notExecuted: true };
		expect(await failure(client.read({}))).toMatchObject(refused);
		expect(await failure(Array.fromAsync(client.count({})))).toMatchObject(refused);
	});

	test.each(["of its own", "shared with others"])("ends calls in flight on connections %s", async (whose) => {
		const cluster = new Cluster();
		const arrived = vi.fn();
		const canceled = vi.fn();
		const hang: Service<typeof Who>["hang"] = (_, ctx) => {
			arrived();
			ctx.signal.addEventListener("abort", canceled);
			return new Promise(() => {});
		};
		await cluster.start("a", Who, who("a", { hang }));
		const peers = new PeerPool([cluster.transport]);
		await using other = createClient(Who, { url: "memory://a", peers });
		await other.read({});
		const way = whose === "of its own" ? { transports: [cluster.transport] } : { peers };
		const client = createClient(Who, { registry: cluster.registry, ...way });
		const calls = [client.hang({}), client.hang({}, Context.background().withTimeout(5_000))].map(failure);
		await vi.waitFor(() => expect(arrived).toHaveBeenCalledTimes(2));
		await client[Symbol.asyncDispose]();
		for (const call of calls) {
			const ended = { code: "unavailable", reason: "client_closed", notExecuted: false };
			expect(await call).toMatchObject(ended);
		}
		await vi.waitFor(() => expect(canceled).toHaveBeenCalledTimes(2));
		expect(await other.read({})).toEqual({ from: "a" });
	});

	test("ends calls that wait for the registry", async () => {
		const silent = { ...new Cluster().registry, watch: () => forever() };
		const client = createClient(Who, { registry: silent, transports: [] });
		const call = failure(client.read({}));
		void client[Symbol.asyncDispose]();
		expect(await call).toMatchObject({ code: "unavailable", reason: "client_closed" });
	});

	test("does not wait for streams that nobody reads, even of instances that went", async () => {
		const cluster = await started("a");
		const client = clientOf(cluster);
		const messages = client.count({})[Symbol.asyncIterator]();
		await messages.next();
		await cluster.deregister("a");
		await vi.waitFor(async () => {
			expect(await failure(client.write({}, Context.background().withTimeout(1000)))).toMatchObject({
				reason: "no_instance",
			});
		});
		await client[Symbol.asyncDispose]();
	});

	test("can be done twice", async () => {
		const client = clientOf(await started("a"));
		await client.read({});
		await client[Symbol.asyncDispose]();
		await client[Symbol.asyncDispose]();
	});
});

/** A watch that never says anything, and never ends. */
function forever(): AsyncIterable<never> {
	return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
}
