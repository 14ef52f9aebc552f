import { expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import { ByteQueue } from "./byte-queue.ts";

const late = (error: ServiceError) => error;

/** Work of this many bytes in a queue, which goes on until it is ended. */
function working(queue: ByteQueue, bytes: number, ctx = Context.background()) {
	const { promise, resolve, reject } = Promise.withResolvers<string>();
	const work = vi.fn(() => promise);
	return { work, end: () => resolve("done"), fail: reject, result: queue.run(bytes, ctx, work, late) };
}

test("work begins at once while there is room", async () => {
	const queue = new ByteQueue(10);
	const [first, second] = [working(queue, 4), working(queue, 6)];
	expect(first.work).toHaveBeenCalledOnce();
	expect(second.work).toHaveBeenCalledOnce();
	first.end();
	expect(await first.result).toBe("done");
});

test("work waits for room, and begins when other work has ended", async () => {
	const queue = new ByteQueue(10);
	const [first, second] = [working(queue, 6), working(queue, 6)];
	expect(second.work).not.toHaveBeenCalled();
	first.end();
	await first.result;
	expect(second.work).toHaveBeenCalledOnce();
	second.end();
	expect(await second.result).toBe("done");
});

test("small work does not overtake large work that waits", async () => {
	const queue = new ByteQueue(10);
	const [first, large, small] = [working(queue, 6), working(queue, 8), working(queue, 1)];
	expect(small.work).not.toHaveBeenCalled();
	first.end();
	await first.result;
	expect(large.work).toHaveBeenCalledOnce();
	expect(small.work).toHaveBeenCalledOnce();
});

test("work that is larger than the bound goes on alone", async () => {
	const queue = new ByteQueue(10);
	const [huge, small] = [working(queue, 100), working(queue, 1)];
	expect(huge.work).toHaveBeenCalledOnce();
	expect(small.work).not.toHaveBeenCalled();
	huge.end();
	await huge.result;
	expect(small.work).toHaveBeenCalledOnce();
});

test("work that fails gives its room back", async () => {
	const queue = new ByteQueue(10);
	const [first, second] = [working(queue, 10), working(queue, 10)];
	first.fail(new Error("no"));
	await expect(first.result).rejects.toThrow("no");
	expect(second.work).toHaveBeenCalledOnce();
});

test("work whose context ends while it waits never begins, and those behind it go on", async () => {
	const queue = new ByteQueue(10);
	const { ctx, cancel } = Context.background().withCancel();
	const [first, given, last] = [working(queue, 4), working(queue, 8, ctx), working(queue, 4)];
	expect(last.work).not.toHaveBeenCalled();
	cancel();
	await expect(given.result).rejects.toMatchObject({ code: "canceled" });
	expect(last.work).toHaveBeenCalledOnce();
	first.end();
	await first.result;
	expect(given.work).not.toHaveBeenCalled();
});

test("the error of work that waited too long is made by its owner", async () => {
	const queue = new ByteQueue(1);
	void working(queue, 1);
	const { ctx, cancel } = Context.background().withCancel();
	const full = new ServiceError({ code: "resource_exhausted", message: "full" });
	const waiting = queue.run(
		1,
		ctx,
		async () => {},
		() => full,
	);
	cancel();
	await expect(waiting).rejects.toBe(full);
});
