import { expect, test } from "vitest";
import { Context } from "../../context/context.ts";
import { ChangeWait } from "./change-wait.ts";

const ctx = Context.background();

test("a wait ends when the backend tells of a change, when it is woken, and when its context ends", async () => {
	const news = new ChangeWait();
	await news.wait(ctx, async () => {});
	const woken = news.wait(ctx);
	news.wake();
	await woken;
	news.reset();
	const { ctx: limited, cancel } = ctx.withCancel();
	const ended = news.wait(limited, () => new Promise(() => {}));
	cancel();
	await ended;
});

test("what happens before the wait is not missed", async () => {
	const news = new ChangeWait();
	news.reset();
	news.wake();
	await news.wait(ctx, () => new Promise(() => {}));
});

test("the backend's wait ends with this one, and whatever it says of that is no failure", async () => {
	const news = new ChangeWait();
	const asked = Promise.withResolvers<Context>();
	const woken = news.wait(
		ctx,
		(ctx) =>
			new Promise((_, reject) => {
				asked.resolve(ctx);
				ctx.signal.addEventListener("abort", () => reject(ctx.error));
			}),
	);
	news.wake();
	await woken;
	expect((await asked.promise).error).toBeDefined();
});

test("a failure of the backend is passed on", async () => {
	const failing = new ChangeWait().wait(ctx, () => Promise.reject(new Error("away")));
	await expect(failing).rejects.toThrow("away");
});
