import { describe, expect, test, vi } from "vitest";
import { Cluster } from "../client/fixtures/cluster.ts";
import { clientOf, failure, Who, who } from "../client/fixtures/who.ts";
import { Context } from "../context/context.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { bulkhead } from "../middleware/bulkhead.ts";
import { rateLimit } from "../middleware/rate-limit.ts";
import { singleFlight } from "../middleware/single-flight.ts";
import type { Service } from "./service.ts";

const full = (): ServiceError => new ServiceError({ code: "resource_exhausted", reason: "full" });
const shed: Middleware = () => () => Promise.reject(full());

/** The error of a call of an instance with this middleware, without retries. */
async function refusal(
	middleware: readonly Middleware[],
	service: Partial<Service<typeof Who>> = {},
	method: "read" | "write" = "write",
) {
	const cluster = new Cluster();
	await cluster.start("a", Who, who("a", service), { middleware });
	await using client = clientOf(cluster, { middleware: [] });
	return await failure(client[method]({}));
}

describe("a shed call", () => {
	test("before the handler says that it never ran", async () => {
		expect(await refusal([shed])).toMatchObject({ reason: "full", notExecuted: true });
	});

	test("at once, where it is shed, says so too", async () => {
		const thrown: Middleware = () => () => {
			throw full();
		};
		expect(await refusal([thrown])).toMatchObject({ reason: "full", notExecuted: true });
	});

	test("by the handler, or behind its back when it has run, does not", async () => {
		const late: Middleware = (next) => async (input, ctx) => {
			await next(input, ctx);
			throw full();
		};
		expect(await refusal([late])).toMatchObject({ reason: "full", notExecuted: false });
		const write = () => Promise.reject(full());
		expect(await refusal([], { write })).toMatchObject({ reason: "full", notExecuted: false });
	});

	test("says nothing where middleware hid whose call it was", async () => {
		const hiding: Middleware = (next) => (input) => next(input, Context.background());
		const write = () => Promise.reject(full());
		expect(await refusal([hiding], { write })).toMatchObject({ reason: "full", notExecuted: false });
	});

	test("says nothing where the handler ran for several calls at once", async () => {
		const read = () => Promise.reject(full());
		expect(await refusal([singleFlight()], { read }, "read")).toMatchObject({
			reason: "full",
			notExecuted: false,
		});
	});

	test("leaves the error of the middleware as it was", async () => {
		const error = full();
		await refusal([() => () => Promise.reject(error)]);
		expect(error.notExecuted).toBe(false);
	});

	test("is not a call that is refused for another reason", async () => {
		const refuse: Middleware = () => () => Promise.reject(new ServiceError({ code: "unavailable" }));
		expect(await refusal([refuse])).toMatchObject({ code: "unavailable", notExecuted: false });
	});
});

describe("an instance that sheds, beside one that has room", () => {
	async function pair(middleware: readonly Middleware[]) {
		const cluster = new Cluster();
		const release = Promise.withResolvers<void>();
		const arrived = vi.fn();
		const write = async () => {
			arrived();
			await release.promise;
			return { from: "a" };
		};
		await cluster.start("a", Who, who("a", { write }), { middleware });
		await cluster.start("b", Who, who("b"));
		return { cluster, release, arrived };
	}

	test("costs no call, not even one that writes", async () => {
		const { cluster, release, arrived } = await pair([bulkhead({ concurrency: 1 })]);
		await using client = clientOf(cluster);
		const first = [client.write({}), client.write({})];
		await vi.waitFor(() => expect(arrived).toHaveBeenCalledOnce());
		for (let calls = 0; calls < 6; calls++) expect(await client.write({})).toEqual({ from: "b" });
		release.resolve();
		expect(await Promise.all(first)).toContainEqual({ from: "a" });
		expect(arrived).toHaveBeenCalledOnce();
	});

	test("is heeded when what it limits is a rate", async () => {
		const { cluster, release } = await pair([rateLimit({ perSecond: 0.001, burst: 1 })]);
		release.resolve();
		await using client = clientOf(cluster);
		const calls = await Promise.allSettled(Array.from({ length: 6 }, () => client.write({})));
		expect(calls.filter(({ status }) => status === "rejected")).toHaveLength(2);
	});
});
