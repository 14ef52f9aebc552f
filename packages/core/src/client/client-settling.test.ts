import { describe, expect, test } from "vitest";
import type { Outcome } from "../context/call-scope.ts";
import { Context } from "../context/context.ts";
import { onSettled } from "../context/on-settled.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { clientOf, failure, started } from "./fixtures/who.ts";

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
