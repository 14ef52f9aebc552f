import { describe, expect, test, vi } from "vitest";
import { pickedInstance } from "../balancer/picked-instance.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { retry } from "../middleware/retry.ts";
import { Cluster } from "./fixtures/cluster.ts";
import { clientOf, failure, started, Who, who } from "./fixtures/who.ts";

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

	test("fails a call that writes, because it may have been executed", async () => {
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

describe("an instance that left while an attempt waits in its middleware", () => {
	test("leaves the attempt to another, even one that writes", async () => {
		const cluster = await started("a");
		const [arrived, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		const wait: Middleware = (next) => async (input, ctx) => {
			arrived.resolve();
			await left.promise;
			return next(input, ctx);
		};
		await using client = clientOf(cluster, { attempt: [wait] });
		const call = client.write({});
		await arrived.promise;
		await cluster.start("b", Who, who("b"));
		await cluster.deregister("a");
		// Another client that sees it gone hears of it no sooner.
		await using other = clientOf(cluster);
		await vi.waitFor(async () => expect(await other.read({})).toEqual({ from: "b" }));
		left.resolve();
		expect(await call).toEqual({ from: "b" });
	});

	test("is not said to have left where the client was closed", async () => {
		const cluster = await started("a");
		const [arrived, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		const wait: Middleware = (next) => async (input, ctx) => {
			arrived.resolve();
			await closed.promise;
			return next(input, ctx);
		};
		const client = clientOf(cluster, { attempt: [wait] });
		const call = failure(client.write({}));
		await arrived.promise;
		await client[Symbol.asyncDispose]();
		closed.resolve();
		expect(await call).toMatchObject({ reason: "client_closed" });
	});
});

describe("the last instance", () => {
	const Other = contract("other", { run: method({}) });

	test("that was released is not called on when another service takes its address", async () => {
		const cluster = await started("a");
		await using client = clientOf(cluster, { middleware: [] });
		await client.read({});
		await cluster.deregister("a");
		cluster.kill("a");
		cluster.run("a", Other, { run: async () => ({}) });
		await vi.waitFor(async () => {
			expect(await failure(client.read({}))).toMatchObject({ reason: "no_instance" });
		});
	});
});

describe("a connection that is refused once", () => {
	test("costs none of many calls at once, whatever the jitter", async () => {
		const cluster = await started("a");
		await using client = clientOf(cluster, { middleware: [retry()] });
		cluster.refuse("a", 1);
		const calls = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? client.read({}) : client.write({})));
		for (const call of calls) expect(await call).toEqual({ from: "a" });
	});

	test("costs none of the first calls of many clients", async () => {
		const outcomes = Array.from({ length: 50 }, async () => {
			const cluster = await started("a");
			cluster.refuse("a", 1);
			await using client = clientOf(cluster, { middleware: [retry()] });
			return await client.read({});
		});
		for (const outcome of outcomes) expect(await outcome).toEqual({ from: "a" });
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
