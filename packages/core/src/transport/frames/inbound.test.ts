import { describe, expect, test } from "vitest";
import { standardBytes } from "../pipe.ts";
import { Inbound } from "./inbound.ts";

/** The messages of one stream, and the memory taken for unfinished ones: what is counted, and what is allocated. */
function open(maxMessageBytes = 64 * 1024) {
	const taken = { counted: 0, allocated: 0 };
	const inbound = new Inbound({
		bytes: {
			...standardBytes,
			allocate: (size) => {
				taken.allocated += size;
				return new Uint8Array(size);
			},
		},
		maxMessageBytes,
		credit: () => {},
		assemble: (bytes) => {
			taken.counted += bytes;
			return true;
		},
		decode: (text) => text,
		stopped: () => {},
	});
	const push = (text: string, more: boolean) => {
		const bytes = new TextEncoder().encode(text);
		const refusal = inbound.push(bytes, 0, bytes.length, more);
		// Who read the bytes may use their memory again.
		bytes.fill(0);
		return refusal;
	};
	return { inbound, taken, push };
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
		expect(await inbound.next()).toEqual({ done: false, value: "a🧅b" });
		expect(taken.counted).toBe(0);
	});

	test("takes memory for its bytes, however small and many the fragments", async () => {
		const { inbound, taken, push } = open();
		for (let n = 0; n < 10_000; n++) push("x", true);
		expect(taken.counted).toBe(10_000);
		// It doubles as it grows: all that was ever allocated is within four times what is held.
		expect(taken.allocated).toBeLessThan(4 * 10_000);
		push("", false);
		expect((await inbound.next()).value).toHaveLength(10_000);
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
		expect(await inbound.next()).toEqual({ done: false, value: "1234567890" });
		push("12345", true);
		expect(push("678901", false)).toMatchObject({ code: "resource_exhausted", reason: "message_too_large" });
	});

	test("gives its memory back when the stream ends before it", () => {
		const { inbound, taken, push } = open();
		push("12345", true);
		inbound.end();
		expect(taken.counted).toBe(0);
	});
});
