import { expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { authorize } from "./authorize.ts";
import { methods } from "./fixtures/methods.ts";

const background = Context.background();
const answer: Endpoint = async () => "answer";

test.each([true, Promise.resolve(true)])("an allowed caller goes in: %o", async (verdict) => {
	expect(await authorize(() => verdict)(answer, methods.write)({}, background)).toBe("answer");
});

test.each([false, Promise.resolve(false), undefined as never, "yes" as never])(
	"who may not does not: %o",
	async (verdict) => {
		const next = vi.fn(answer);
		const call = authorize(() => verdict)(next, methods.write)({}, background);
		await expect(call).rejects.toMatchObject({ code: "permission_denied" });
		expect(next).not.toHaveBeenCalled();
	},
);

test("the predicate sees context, method and input", async () => {
	const isAllowed = vi.fn(() => true);
	await authorize(isAllowed)(answer, methods.write)({ id: 1 }, background);
	expect(isAllowed).toHaveBeenCalledExactlyOnceWith(background, methods.write, { id: 1 });
});

test("what the predicate throws is what the caller sees, and nothing goes in", async () => {
	const next = vi.fn(answer);
	const refuse = (): boolean => {
		throw new ServiceError({ code: "unauthenticated" });
	};
	await expect(authorize(refuse)(next, methods.write)({}, background)).rejects.toMatchObject({
		code: "unauthenticated",
	});
	expect(next).not.toHaveBeenCalled();
});
