import { describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Service } from "../service/service.ts";
import { createClient } from "./client.ts";
import { Cluster } from "./fixtures/cluster.ts";
import { clientOf, failure, started, Who, who } from "./fixtures/who.ts";
import { PeerPool } from "./peer-pool.ts";

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

	test("does not wait for streams that are not read, even of instances that left", async () => {
		const cluster = await started("a");
		const client = clientOf(cluster);
		const messages = client.count({})[Symbol.asyncIterator]();
		await messages.next();
		await cluster.start("b", Who, who("b"));
		await cluster.deregister("a");
		await vi.waitFor(async () => {
			expect([await client.read({}), await client.read({})]).toEqual([{ from: "b" }, { from: "b" }]);
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
