import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { deadlineExceeded } from "../context/cancellation.ts";
import { Context } from "../context/context.ts";
import { Metadata } from "../context/metadata.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { backendError } from "../errors/backend-error.ts";
import type { Code } from "../errors/code.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { boundary } from "./boundary.ts";
import { HandlerReach } from "./handler-reach.ts";

const errors = { gone: { code: "not_found", message: "gone" } } as const;
const Shop = contract("shop", {
	buy: method({ errors }),
	sell: method({ errors: { closed: { code: "aborted" } } }),
	watch: method({ output: stream(z.int()), errors }),
});

const where = { method: "stock/take", instance: "3f2a", address: "allium://10.0.0.3:4000" };

/** An error as it arrives from a callee. */
function foreign(code: Code, reason?: string, more: object = {}): ServiceError {
	const metadata = new Metadata({ "callee-secret": "1" });
	const origin = { domain: "stock", callee: { ...where, answered: true } };
	return Object.assign(serviceErrorFrom({ code, reason, message: "detail", metadata }, origin), more);
}

/** The log line about an error of a callee. */
const told = (error: unknown) => ({
	method: "shop/buy",
	callee: where.method,
	instance: where.instance,
	address: where.address,
	error,
});

/** The error that a caller of `shop/buy` gets when the handler throws, and the log. */
async function thrown(error: unknown, ctx = Context.background()) {
	const log = vi.fn();
	const handler = async () => {
		throw error;
	};
	const seen = await boundary(
		handler,
		Shop.buy,
		{ logger: { log } },
		new HandlerReach(),
	)({}, ctx).catch((caught: ServiceError) => caught);
	return { seen: seen as ServiceError, log };
}

describe("what the handler throws itself", () => {
	test("passes when it is declared", async () => {
		const error = Shop.buy.error.gone();
		expect((await thrown(error)).seen).toBe(error);
	});

	test("passes when it is a ServiceError made here on purpose", async () => {
		const error = new ServiceError({ code: "permission_denied", message: "not yours" });
		const { seen, log } = await thrown(error);
		expect(seen).toBe(error);
		expect(log).not.toHaveBeenCalled();
	});

	test("is logged in full and internal without detail when it is anything else", async () => {
		const bug = new TypeError("password is hunter2");
		const { seen, log } = await thrown(bug);
		expect(seen).toMatchObject({ code: "internal", message: "internal error", cause: bug });
		expect([seen.reason, seen.data, seen.domain]).toEqual([undefined, undefined, undefined]);
		expect(log).toHaveBeenCalledExactlyOnceWith("error", expect.any(String), {
			method: "shop/buy",
			error: bug,
		});
	});

	test("is told with its place when it is an error that cannot be made so", async () => {
		const handler = async () => {
			throw new ServiceError({ code: "teapot" as never });
		};
		const log = vi.fn();
		const call = boundary(handler, Shop.buy, { logger: { log } }, new HandlerReach());
		await expect(call({}, Context.background())).rejects.toMatchObject({ code: "internal" });
		expect(log).toHaveBeenCalledExactlyOnceWith(
			"error",
			expect.stringContaining('an error was made with the code "teapot"'),
			{ method: "shop/buy", error: expect.any(TypeError) },
		);
		expect(log.mock.calls[0]?.[2].error.stack).toContain("boundary.test.ts");
	});

	test("is no different when it is thrown at once", async () => {
		const handler = () => {
			throw new Error("bug");
		};
		const call = boundary(
			handler,
			Shop.buy,
			{ logger: { log() {} } },
			new HandlerReach(),
		)({}, Context.background());
		await expect(call).rejects.toMatchObject({ code: "internal" });
	});

	test("is internal when another method declares it", async () => {
		expect((await thrown(Shop.sell.error.closed())).seen.code).toBe("internal");
	});
});

describe("what a callee threw and the handler let pass", () => {
	test("passes as the method's own when the method declares it too", async () => {
		const error = foreign("not_found", "gone", { data: { id: 1 }, retryAfterMs: 5 });
		const { seen } = await thrown(error);
		expect(seen).toMatchObject({
			code: "not_found",
			reason: "gone",
			message: "detail",
			data: { id: 1 },
			retryAfterMs: 5,
			domain: "shop",
			cause: error,
		});
		expect(seen.metadata).toBeUndefined();
	});

	test("stays unavailable when it is, without detail", async () => {
		const error = foreign("unavailable", "no_instance", { retryAfterMs: 7 });
		const { seen, log } = await thrown(error);
		expect(seen).toMatchObject({ code: "unavailable", message: "unavailable", retryAfterMs: 7 });
		expect([seen.reason, seen.domain, seen.metadata]).toEqual([undefined, undefined, undefined]);
		expect(log).toHaveBeenCalledExactlyOnceWith("warn", "a callee is unavailable", told(error));
	});

	test("keeps its code when time ran out that this service gave it, without detail", async () => {
		const error = foreign("deadline_exceeded", undefined, { callee: { ...where, answered: false } });
		const { seen, log } = await thrown(error);
		expect(seen).toMatchObject({ code: "deadline_exceeded", message: "deadline_exceeded", cause: error });
		expect([seen.domain, seen.metadata]).toEqual([undefined, undefined]);
		const message = "a callee did not answer within the time that this service gave it";
		expect(log).toHaveBeenCalledExactlyOnceWith("warn", message, told(error));
	});

	test.each<Code>(["not_found", "permission_denied", "internal", "deadline_exceeded", "canceled"])(
		"is internal and logged when it is an undeclared %s",
		async (code) => {
			const error = foreign(code);
			const { seen, log } = await thrown(error);
			expect(seen).toMatchObject({ code: "internal", message: "internal error" });
			const message = "a callee failed, with an error that the method neither handles nor declares";
			expect(log).toHaveBeenCalledExactlyOnceWith("error", message, told(error));
		},
	);

	test("is internal when reason and code only half match the declaration", async () => {
		expect((await thrown(foreign("aborted", "gone"))).seen.code).toBe("internal");
		expect((await thrown(foreign("not_found", "constructor"))).seen.code).toBe("internal");
	});
});

describe("foreign details", () => {
	const details = [{ type: "google.rpc.Help", value: Uint8Array.of(1) }];

	test("of the handler reach the caller", async () => {
		const error = Shop.buy.error.gone({ details });
		expect((await thrown(error)).seen.details).toBe(details);
	});

	test("of a callee are not relayed", async () => {
		const { seen } = await thrown(foreign("not_found", "gone", { details }));
		expect(seen).toMatchObject({ code: "not_found", reason: "gone", domain: "shop", details: undefined });
	});
});

describe("that the callee's handler never ran", () => {
	test.each([
		["declared", foreign("not_found", "gone", { notExecuted: true })],
		["undeclared", foreign("unavailable", undefined, { notExecuted: true })],
		["without domain", serviceErrorFrom({ code: "unavailable" }, { notExecuted: true })],
	])("is not relayed: %s", async (_, error) => {
		expect((await thrown(error)).seen.notExecuted).toBe(false);
	});

	test("hides where the callee was to be found", async () => {
		const error = serviceErrorFrom(
			{ code: "unavailable", message: "cannot reach allium://10.0.0.3:4000" },
			{ notExecuted: true },
		);
		expect((await thrown(error)).seen.message).toBe("unavailable");
	});
});

describe("when our own call is over", () => {
	test("its cancellation keeps its code, whatever the callee made of it", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		cancel();
		for (const error of [foreign("canceled"), foreign("internal"), ctx.error]) {
			const { seen, log } = await thrown(error, ctx);
			expect(seen).toBe(ctx.error);
			expect(log).not.toHaveBeenCalled();
		}
	});

	test("its deadline keeps its code", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		cancel(deadlineExceeded());
		expect((await thrown(foreign("deadline_exceeded"), ctx)).seen.code).toBe("deadline_exceeded");
	});

	test("what the platform throws for an aborted signal is that end", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		const abort = new DOMException("aborted", "AbortError");
		expect((await thrown(abort, ctx)).seen.code).toBe("internal");
		cancel();
		expect((await thrown(abort, ctx)).seen).toBe(ctx.error);
	});

	test("a bug is still a bug", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		cancel();
		expect((await thrown(new TypeError("bug"), ctx)).seen.code).toBe("internal");
	});
});

describe("what a backend failed with", () => {
	const where = "PostgreSQL at db.inner:5432 does not answer";

	test.each([
		["unavailable" as const, "unavailable", "warn", "a backend is unavailable"],
		["failed_precondition" as const, "internal", "error", expect.stringMatching(/^a backend failed, /)],
		["invalid_argument" as const, "internal", "error", expect.stringMatching(/^a backend failed, /)],
	])("is told in the log and not to the caller: %s", async (code, seenCode, level, said) => {
		const error = backendError({ code, message: where });
		const { seen, log } = await thrown(error);
		expect([seen.code, seen.cause]).toEqual([seenCode, error]);
		expect(seen.message).not.toContain("db.inner");
		expect(log).toHaveBeenCalledExactlyOnceWith(
			level,
			said,
			expect.objectContaining({ method: "shop/buy", error }),
		);
	});

	test("is the error of the context once that has ended", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		cancel();
		const error = backendError({ code: "unavailable", message: where });
		expect((await thrown(error, ctx)).seen).toBe(ctx.error);
	});
});

describe("a stream", () => {
	test("that breaks on the way breaks with an error fit for the caller", async () => {
		async function* broken() {
			yield 1;
			throw new Error("bug");
		}
		const endpoint = boundary(async () => broken(), Shop.watch, { logger: { log() {} } }, new HandlerReach());
		const seen: unknown[] = [];
		const output = (await endpoint({}, Context.background())) as AsyncIterable<unknown>;
		const reading = (async () => {
			for await (const message of output) seen.push(message);
		})();
		await expect(reading).rejects.toMatchObject({ code: "internal", message: "internal error" });
		expect(seen).toEqual([1]);
	});

	test("that is never accepted is refused alike", async () => {
		const refuse = () => Promise.reject(new Error("bug"));
		const call = boundary(
			refuse,
			Shop.watch,
			{ logger: { log() {} } },
			new HandlerReach(),
		)({}, Context.background());
		await expect(call).rejects.toMatchObject({ code: "internal" });
	});
});
