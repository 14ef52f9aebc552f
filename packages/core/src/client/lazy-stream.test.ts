import { describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { LazyStream } from "./lazy-stream.ts";

/** An endpoint that yields numbers without end, and notes when it is left. */
function endless() {
	const left = vi.fn();
	const endpoint = vi.fn<Endpoint>(async () =>
		(async function* () {
			try {
				for (let n = 0; ; n++) yield n;
			} finally {
				left();
			}
		})(),
	);
	return { endpoint, left };
}

/** An endpoint that accepts nothing, until its context ends. */
const undecided = () =>
	vi.fn<Endpoint>(
		(_, ctx) => new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.error))),
	);

const streamOf = (endpoint: Endpoint, ctx = Context.background()) => new LazyStream(endpoint, "input", ctx);

describe("a client's stream", () => {
	test("calls when it is first read, and once", async () => {
		const { endpoint } = endless();
		const messages = streamOf(endpoint)[Symbol.asyncIterator]();
		expect(endpoint).not.toHaveBeenCalled();
		expect([await messages.next(), await messages.next()]).toMatchObject([{ value: 0 }, { value: 1 }]);
		expect(endpoint).toHaveBeenCalledExactlyOnceWith("input", expect.any(Context));
	});

	test("can be iterated once", async () => {
		const messages = streamOf(endless().endpoint);
		for await (const _ of messages) break;
		expect(() => messages[Symbol.asyncIterator]()).toThrow("iterated only once; call the method again");
	});

	test("cancels the call and leaves the source when it is broken out of", async () => {
		const { endpoint, left } = endless();
		for await (const n of streamOf(endpoint)) if (n === 3) break;
		expect(left).toHaveBeenCalledOnce();
		expect(endpoint.mock.calls[0]?.[1].error?.code).toBe("canceled");
	});

	test("leaves its caller's context as it is", async () => {
		const { ctx } = Context.background().withCancel();
		for await (const _ of streamOf(endless().endpoint, ctx)) break;
		expect(ctx.error).toBeUndefined();
	});

	test("never calls when it is left before it was read", async () => {
		const { endpoint } = endless();
		const messages = streamOf(endpoint)[Symbol.asyncIterator]();
		await messages.return();
		expect(await messages.next()).toEqual({ done: true, value: undefined });
		expect(endpoint).not.toHaveBeenCalled();
	});

	test("can be left while it waits to be accepted", async () => {
		const endpoint = undecided();
		const messages = streamOf(endpoint)[Symbol.asyncIterator]();
		const first = messages.next();
		const failed = expect(first).rejects.toMatchObject({ code: "canceled" });
		await messages.return();
		await failed;
		expect(endpoint.mock.calls[0]?.[1].error?.code).toBe("canceled");
	});

	test("ends with its caller's context", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		const reading = Array.fromAsync(streamOf(undecided(), ctx));
		cancel();
		await expect(reading).rejects.toMatchObject({ code: "canceled" });
	});

	test("fails when the call is refused", async () => {
		const refused = streamOf(() => Promise.reject(new Error("refused")));
		await expect(Array.fromAsync(refused)).rejects.toThrow("refused");
	});
});
