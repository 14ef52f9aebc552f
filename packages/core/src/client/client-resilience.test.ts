import { describe, expect, test, vi } from "vitest";
import { outlierEjection } from "../balancer/outlier-ejection.ts";
import { roundRobin } from "../balancer/round-robin.ts";
import type { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import { circuitBreaker } from "../middleware/circuit-breaker.ts";
import { hedge } from "../middleware/hedge.ts";
import { retry } from "../middleware/retry.ts";
import { clientOf, started, Who, who } from "./fixtures/who.ts";

/** A cluster of one instance that answers, `good`, and one whose `read` does this. */
async function beside(read: () => Promise<{ from: string }>) {
	const cluster = await started("good");
	const bad = vi.fn(read);
	await cluster.start("bad", Who, who("bad", { read: bad }));
	return { cluster, bad };
}

const broken = () => Promise.reject(new ServiceError({ code: "internal" }));

describe("one instance of two", () => {
	test("that is stuck is hedged by the other, and its handler is canceled", async () => {
		const canceled = vi.fn();
		const cluster = await started("good");
		const read = vi.fn((_: unknown, ctx: Context) => {
			return new Promise<never>(() => ctx.signal.addEventListener("abort", canceled));
		});
		await cluster.start("stuck", Who, who("stuck", { read }));
		await using client = clientOf(cluster, { middleware: [hedge({ afterMs: 5 })], balancer: roundRobin() });
		for (let calls = 0; calls < 4; calls++) expect(await client.read({})).toEqual({ from: "good" });
		expect(read).toHaveBeenCalled();
		await vi.waitFor(() => expect(canceled).toHaveBeenCalledTimes(read.mock.calls.length));
	});

	test("that keeps failing is left alone by a breaker for each, and its calls go to the other", async () => {
		const { cluster, bad } = await beside(broken);
		const attempt = [circuitBreaker({ per: "instance", minimumCalls: 3 })];
		await using client = clientOf(cluster, { middleware: [retry()], attempt, balancer: roundRobin() });
		for (let calls = 0; calls < 6; calls++) await client.read({}).catch(() => {});
		expect(bad).toHaveBeenCalledTimes(3);
		for (let calls = 0; calls < 10; calls++) expect(await client.read({})).toEqual({ from: "good" });
		expect(bad).toHaveBeenCalledTimes(3);
	});

	test("that keeps failing is ejected, and stays so when the registry lost it for a moment", async () => {
		const { cluster, bad } = await beside(broken);
		await using client = clientOf(cluster, { balancer: outlierEjection(roundRobin()) });
		while (bad.mock.calls.length < 5) await client.read({}).catch(() => {});
		for (let calls = 0; calls < 10; calls++) expect(await client.read({})).toEqual({ from: "good" });
		await cluster.deregister("bad");
		await cluster.register("bad", Who);
		for (let calls = 0; calls < 10; calls++) expect(await client.read({})).toEqual({ from: "good" });
		expect(bad).toHaveBeenCalledTimes(5);
	});
});
