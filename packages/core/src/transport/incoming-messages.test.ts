import { describe, expect, test, vi } from "vitest";
import { ServiceError } from "../errors/service-error.ts";
import { IncomingMessages } from "./incoming-messages.ts";

const lost = new ServiceError({ code: "unavailable", message: "lost" });

/** The messages of one stream, and what their source was told. */
function open() {
	const released: number[] = [];
	const stopped = vi.fn();
	const messages = new IncomingMessages<string>({
		decode: (message) => message.toUpperCase(),
		released: (bytes) => released.push(bytes),
		stopped,
	});
	return { messages, released, stopped };
}

describe("messages that are asked for before they arrive", () => {
	test("go to those who wait in the order in which these asked", async () => {
		const { messages } = open();
		const [first, second] = [messages.next(), messages.next()];
		messages.push("a", 1);
		messages.push("b", 1);
		const third = messages.next();
		messages.push("c", 1);
		messages.end();
		const results = await Promise.all([first, second, third, messages.next()]);
		expect(results.map(({ value }) => value)).toEqual(["A", "B", "C", undefined]);
	});

	test("are none when the stream ends: all who wait learn of its end", async () => {
		const { messages } = open();
		const waiting = [messages.next(), messages.next()];
		messages.end();
		expect((await Promise.all(waiting)).map(({ done }) => done)).toEqual([true, true]);
	});

	test("are none when the stream breaks: all who wait get the error", async () => {
		const { messages } = open();
		const waiting = [messages.next(), messages.next()];
		messages.fail(lost);
		for (const one of waiting) await expect(one).rejects.toBe(lost);
	});
});

describe("the source", () => {
	test("learns of each message that is consumed, in its bytes, and of those that are dropped", async () => {
		const { messages, released, stopped } = open();
		messages.push("a", 1);
		messages.push("bb", 2);
		messages.push("ccc", 3);
		await messages.next();
		expect(released).toEqual([1]);
		await messages.return();
		expect([released, stopped.mock.calls.length]).toEqual([[1, 2, 3], 1]);
	});

	test("is not stopped when the consumer leaves a stream that has ended", async () => {
		const { messages, stopped } = open();
		messages.push("a", 1);
		messages.end();
		await messages.return();
		expect(stopped).not.toHaveBeenCalled();
	});

	test("is stopped when the call is over, although the stream goes on", () => {
		const { messages, stopped } = open();
		messages.cut(lost);
		messages.cut(lost);
		expect(stopped).toHaveBeenCalledOnce();
	});
});
