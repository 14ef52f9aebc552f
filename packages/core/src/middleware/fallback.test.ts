import { expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Code } from "../errors/code.ts";
import { ServiceError } from "../errors/service-error.ts";
import { fallback } from "./fallback.ts";
import { methods } from "./fixtures/methods.ts";

const background = Context.background();
const failing =
	(code: Code): Endpoint =>
	() =>
		Promise.reject(new ServiceError({ code }));
const instead = () => "instead";

test("an answer stays as it is", async () => {
	const answer = vi.fn(instead);
	expect(await fallback(answer)(async () => "answer", methods.read)({}, background)).toBe("answer");
	expect(answer).not.toHaveBeenCalled();
});

test.each(["unavailable", "deadline_exceeded", "resource_exhausted", "internal"] as const)(
	"what failed with %s is answered instead",
	async (code) => {
		expect(await fallback(instead)(failing(code), methods.read)({}, background)).toBe("instead");
	},
);

test.each(["not_found", "invalid_argument", "permission_denied", "canceled"] as const)(
	"the callee's own answer stays: %s",
	async (code) => {
		await expect(fallback(instead)(failing(code), methods.read)({}, background)).rejects.toMatchObject({
			code,
		});
	},
);

test("a bug counts as trouble", async () => {
	const next: Endpoint = () => Promise.reject(new TypeError("bug"));
	expect(await fallback(instead)(next, methods.read)({}, background)).toBe("instead");
});

test("the user may choose which errors, and sees error, input, context and method", async () => {
	const answer = vi.fn(instead);
	const middleware = fallback(answer, { when: ({ code }) => code === "not_found" });
	const input = { id: 1 };
	expect(await middleware(failing("not_found"), methods.read)(input, background)).toBe("instead");
	expect(answer).toHaveBeenCalledExactlyOnceWith(
		expect.objectContaining({ code: "not_found" }),
		input,
		background,
		methods.read,
	);
	await expect(middleware(failing("internal"), methods.read)(input, background)).rejects.toThrow();
});

test("a caller that gave up gets no answer", async () => {
	const answer = vi.fn(instead);
	const { ctx, cancel } = background.withCancel();
	const next: Endpoint = async () => {
		cancel();
		throw new ServiceError({ code: "unavailable" });
	};
	await expect(fallback(answer)(next, methods.read)({}, ctx)).rejects.toMatchObject({ code: "unavailable" });
	expect(answer).not.toHaveBeenCalled();
});
