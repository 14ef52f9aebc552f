import { Context } from "@allium/core";
import { describe, expect, test } from "vitest";
import { FirstUse } from "./first-use.ts";

const background = Context.background();

describe("what is prepared with the first use", () => {
	test("is prepared once for all that use it meanwhile, which go on in the order of their calls", async () => {
		const done = Promise.withResolvers<void>();
		let prepared = 0;
		const use = new FirstUse(() => {
			prepared++;
			return done.promise;
		});
		const order: number[] = [];
		const uses = [1, 2, 3].map((nth) => use.ready(background).then(() => order.push(nth)));
		done.resolve();
		await Promise.all(uses);
		await use.ready(background);
		expect(order).toEqual([1, 2, 3]);
		expect(prepared).toBe(1);
	});

	test("goes on for the others when the first that used it is cancelled", async () => {
		const done = Promise.withResolvers<void>();
		const contexts: Context[] = [];
		const use = new FirstUse((ctx) => {
			contexts.push(ctx);
			return done.promise;
		});
		const { ctx, cancel } = background.withCancel();
		const [first, second] = [use.ready(ctx), use.ready(background)];
		cancel();
		await expect(first).rejects.toMatchObject({ code: "canceled" });
		expect(contexts).toMatchObject([{ error: undefined }]);
		done.resolve();
		await second;
	});

	test("fails for all that wait, and is tried again with the next use", async () => {
		let tried = 0;
		const use = new FirstUse(() => (++tried === 1 ? Promise.reject(new Error("full")) : Promise.resolve()));
		const results = await Promise.allSettled([use.ready(background), use.ready(background)]);
		expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
		await use.ready(background);
		expect(tried).toBe(2);
	});
});
