import { describe, expect, test, vi } from "vitest";
import type { Outcome } from "../context/call-scope.ts";
import { observeStream } from "../endpoint/observe-stream.ts";
import { ServiceError } from "../errors/service-error.ts";
import { standardBytes } from "../transport/pipe.ts";
import { Assembly } from "./assembly.ts";
import { defaultFrameLimits } from "./frame-limits.ts";
import { Inbound } from "./inbound.ts";

/** A message that cannot be decoded. */
const unreadable = "unreadable";

class CountedAssembly extends Assembly {
	readonly #taken: { counted: number };

	constructor(taken: { counted: number }) {
		super(defaultFrameLimits);
		this.#taken = taken;
	}

	override take(bytes: number): boolean {
		this.#taken.counted += bytes;
		return super.take(bytes);
	}
}

/** The messages of one stream, and the memory taken for unfinished ones: what is counted, and what is allocated. */
function open(maxMessageBytes = 64 * 1024) {
	const taken = { counted: 0, allocated: 0 };
	const stopped = vi.fn();
	let credited = 0;
	const inbound = new Inbound({
		bytes: {
			...standardBytes,
			allocate: (size) => {
				taken.allocated += size;
				return new Uint8Array(size);
			},
		},
		maxMessageBytes,
		window: {
			credit: (bytes) => {
				credited += bytes;
			},
			creditConnection: () => {},
			creditStream: () => {},
		},
		assembly: new CountedAssembly(taken),
		codec: {
			name: "text",
			binary: false,
			encode: String,
			decode: (text) => {
				if (text === unreadable) throw new SyntaxError(text);
				return text;
			},
		},
		stopped,
	});
	const push = (text: string, more: boolean) => {
		const bytes = new TextEncoder().encode(text);
		const refusal = inbound.push(bytes, 0, bytes.length, more);
		// The pipe that read the bytes may use their memory again.
		bytes.fill(0);
		return refusal;
	};
	return { inbound, taken, push, stopped, credited: () => credited };
}

describe("a message in fragments", () => {
	test("is joined, also where a character is cut in two, from memory of its own", async () => {
		const { inbound, taken } = open();
		const bytes = new TextEncoder().encode("a🧅b");
		for (let offset = 0; offset < bytes.length; offset++) {
			const fragment = bytes.slice(offset, offset + 1);
			inbound.push(fragment, 0, 1, offset < bytes.length - 1);
			fragment.fill(0);
		}
		expect(await inbound.messages.next()).toEqual({ done: false, value: "a🧅b" });
		expect(taken.counted).toBe(0);
	});

	test("takes memory for its bytes, however small and many the fragments", async () => {
		const { inbound, taken, push } = open();
		for (let n = 0; n < 10_000; n++) push("x", true);
		expect(taken.counted).toBe(10_000);
		// The buffer doubles as it grows, so all allocations together are at most four times the bytes that are held.
		expect(taken.allocated).toBeLessThan(4 * 10_000);
		push("", false);
		expect((await inbound.messages.next()).value).toHaveLength(10_000);
	});

	test("takes nothing while its fragments are empty", () => {
		const { taken, push } = open();
		for (let n = 0; n < 10_000; n++) push("", true);
		expect(taken).toEqual({ counted: 0, allocated: 0 });
	});

	test("may be as large as the limit, and no byte larger", async () => {
		const { inbound, push } = open(10);
		push("12345", true);
		expect(push("67890", false)).toBeUndefined();
		expect(await inbound.messages.next()).toEqual({ done: false, value: "1234567890" });
		push("12345", true);
		expect(push("678901", false)).toMatchObject({ code: "resource_exhausted", reason: "message_too_large" });
	});

	test("that the stream ends within gives its memory back, and is no orderly end", async () => {
		const { inbound, taken, push } = open();
		push("12345", true);
		inbound.end();
		expect(taken.counted).toBe(0);
		await expect(inbound.messages.next()).rejects.toMatchObject({
			code: "invalid_argument",
			reason: "unparsable",
		});
	});
});

describe("the end of the messages", () => {
	/** As `open`, together with the outcomes that were reported. */
	function observed() {
		const outcomes: Outcome[] = [];
		const opened = open();
		const stream = observeStream(opened.inbound.messages, (outcome) => outcomes.push(outcome));
		return { ...opened, stream, outcomes };
	}
	const lost = new ServiceError({ code: "unavailable", message: "lost" });

	test("is told when the last message was consumed, once", async () => {
		const { inbound, push, stream, outcomes } = observed();
		expect(stream).toBe(inbound.messages);
		push("1", false);
		inbound.end();
		expect(await inbound.messages.next()).toEqual({ done: false, value: "1" });
		expect(outcomes).toEqual([]);
		expect((await inbound.messages.next()).done).toBe(true);
		expect((await inbound.messages.next()).done).toBe(true);
		expect(outcomes).toEqual([{ ok: true }]);
	});

	test("is told to its waiting consumer", async () => {
		const { inbound, outcomes } = observed();
		const waiting = inbound.messages.next();
		inbound.end();
		expect((await waiting).done).toBe(true);
		expect(outcomes).toEqual([{ ok: true }]);
	});

	test("is the error that breaks the stream, once it is seen", async () => {
		const { inbound, push, outcomes } = observed();
		push("1", false);
		inbound.fail(lost);
		await inbound.messages.next();
		expect(outcomes).toEqual([]);
		await expect(inbound.messages.next()).rejects.toBe(lost);
		await inbound.messages.return();
		expect(outcomes).toEqual([{ ok: false, error: lost }]);
	});

	test("is the error that a waiting consumer sees", async () => {
		const { inbound, outcomes } = observed();
		const waiting = inbound.messages.next();
		inbound.fail(lost);
		await expect(waiting).rejects.toBe(lost);
		expect(outcomes).toEqual([{ ok: false, error: lost }]);
	});

	test("is a cancellation when the consumer leaves, even while it waits", async () => {
		const { inbound, outcomes } = observed();
		const waiting = inbound.messages.next();
		await inbound.messages.return();
		expect((await waiting).done).toBe(true);
		expect(outcomes).toEqual([{ ok: false, error: expect.objectContaining({ code: "canceled" }) }]);
	});
});

describe("a stream that is cut off", () => {
	const over = new ServiceError({ code: "deadline_exceeded", message: "over" });

	test("has no orderly end for a reader that waits, nor for one that asks again", async () => {
		const { inbound } = open();
		const waiting = inbound.messages.next();
		inbound.cut(over);
		await expect(waiting).rejects.toBe(over);
		await expect(inbound.messages.next()).rejects.toBe(over);
	});

	test.each([
		["goes on", false],
		["has ended in order", true],
	])("loses the messages that wait, though it %s, and says so", async (_, hasEnded) => {
		const { inbound, push, credited } = open();
		push("one", false);
		push("two", false);
		if (hasEnded) inbound.end();
		inbound.cut(over);
		await expect(inbound.messages.next()).rejects.toBe(over);
		expect(credited()).toBe("onetwo".length);
	});

	test("has ended in order when its last message was consumed before", async () => {
		const { inbound, push } = open();
		push("one", false);
		inbound.end();
		await inbound.messages.next();
		inbound.cut(over);
		expect((await inbound.messages.next()).done).toBe(true);
	});
});

test("messages are consumed in the order in which they came, however many wait", async () => {
	const { inbound, push } = open();
	const count = 50_000;
	for (let n = 0; n < count; n++) push(`${n}`, false);
	inbound.end();
	for (let n = 0; n < count; n++) expect((await inbound.messages.next()).value).toBe(`${n}`);
});

describe("a message that cannot be decoded", () => {
	test.each([
		["arrives while its consumer waits", true],
		["has waited for its consumer", false],
	])("ends the stream, also at the other side, when it %s", async (_, waits) => {
		const { inbound, push, stopped } = open();
		const waiting = waits ? inbound.messages.next() : undefined;
		push(unreadable, false);
		push("next", false);
		await expect(waiting ?? inbound.messages.next()).rejects.toThrow(SyntaxError);
		expect(stopped).toHaveBeenCalledOnce();
		await expect(inbound.messages.next()).rejects.toThrow(SyntaxError);
	});
});
