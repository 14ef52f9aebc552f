import { expect, test } from "vitest";
import { Context } from "../context/context.ts";
import { Waiters } from "./waiters.ts";

test("news end all waits", async () => {
	const waiters = new Waiters();
	const waits = [waiters.wait(Context.background()), waiters.wait(Context.background())];
	waiters.wake();
	await Promise.all(waits);
	expect(waiters.size).toBe(0);
});

test("a context that ends takes its wait with it", async () => {
	const waiters = new Waiters();
	const { ctx, cancel } = Context.background().withCancel();
	const waiting = waiters.wait(ctx);
	cancel();
	await expect(waiting).rejects.toMatchObject({ code: "canceled" });
	await expect(waiters.wait(ctx)).rejects.toMatchObject({ code: "canceled" });
	expect(waiters.size).toBe(0);
});
