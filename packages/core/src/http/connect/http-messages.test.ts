import { expect, test } from "vitest";
import { ServiceError } from "../../errors/service-error.ts";
import { HttpMessages } from "./http-messages.ts";

function open() {
	const events: string[] = [];
	const incoming = new HttpMessages({
		pause: () => events.push("pause"),
		resume: () => events.push("resume"),
		stopped: () => events.push("stopped"),
		decode: String,
	});
	return { incoming, stream: incoming.messages, events };
}

test("messages come in order, waited for or not", async () => {
	const { incoming, stream } = open();
	const first = stream.next();
	const second = stream.next();
	for (const text of ["a", "b", "c"]) incoming.push(Buffer.from(text));
	stream.end();
	expect([await first, await second, await stream.next(), await stream.next()]).toEqual([
		{ done: false, value: "a" },
		{ done: false, value: "b" },
		{ done: false, value: "c" },
		{ done: true, value: undefined },
	]);
});

test("what arrived before an error is delivered before it", async () => {
	const { incoming, stream } = open();
	incoming.push(Buffer.from("a"));
	stream.fail(new ServiceError({ code: "aborted" }));
	expect((await stream.next()).value).toBe("a");
	await expect(stream.next()).rejects.toMatchObject({ code: "aborted" });
	await expect(stream.next()).rejects.toMatchObject({ code: "aborted" });
});

test("an error wakes all waiting consumers", async () => {
	const { stream } = open();
	const first = stream.next();
	const second = stream.next();
	stream.fail(new ServiceError({ code: "aborted" }));
	await expect(first).rejects.toMatchObject({ code: "aborted" });
	await expect(second).rejects.toMatchObject({ code: "aborted" });
});

test.each([
	["goes on", false],
	["has ended in order", true],
])(
	"a stream that is cut off loses the messages that wait, though it %s, and says so",
	async (_, hasEnded) => {
		const { incoming, stream, events } = open();
		for (let n = 0; n < 3; n++) incoming.push(Buffer.alloc(40 * 1024));
		if (hasEnded) stream.end();
		stream.cut(new ServiceError({ code: "deadline_exceeded" }));
		await expect(stream.next()).rejects.toMatchObject({ code: "deadline_exceeded" });
		await expect(stream.next()).rejects.toMatchObject({ code: "deadline_exceeded" });
		expect(events.at(-1)).toBe("resume");
	},
);

test("a stream whose last message was consumed has ended in order, though it is cut off then", async () => {
	const { incoming, stream } = open();
	incoming.push(Buffer.from("a"));
	stream.end();
	await stream.next();
	stream.cut(new ServiceError({ code: "deadline_exceeded" }));
	expect((await stream.next()).done).toBe(true);
});

test("the source is paused while much waits, and resumed when it was consumed", async () => {
	const { incoming, stream, events } = open();
	const large = Buffer.alloc(40 * 1024);
	for (let n = 0; n < 3; n++) incoming.push(large);
	expect(events).toEqual(["pause"]);
	await stream.next();
	expect(events).toEqual(["pause"]);
	await stream.next();
	await stream.next();
	expect(events).toEqual(["pause", "resume"]);
});

test("breaking out stops the source once, and drops what waits", async () => {
	const { incoming, stream, events } = open();
	incoming.push(Buffer.from("a"));
	incoming.push(Buffer.from("b"));
	for await (const _ of stream) break;
	await stream.return();
	incoming.push(Buffer.from("c"));
	expect(events).toEqual(["stopped"]);
	expect((await stream.next()).done).toBe(true);
});

test("a stream is iterated once", () => {
	const { stream } = open();
	stream[Symbol.asyncIterator]();
	expect(() => stream[Symbol.asyncIterator]()).toThrow("only once");
});
