import { describe, expect, test, vi } from "vitest";
import { standardBytes } from "../pipe.ts";
import { KnownTexts } from "./known-texts.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("known texts", () => {
	test("are read from wherever they lie, whichever came before", () => {
		const texts = new KnownTexts(standardBytes);
		const all = ["add/sum", "add/mus", "add/sun", "", "a", "größe/ändern", "x".repeat(200)];
		for (const text of [...all, ...all, ...all.toReversed()]) {
			const bytes = encode(`..${text}..`);
			expect(texts.read(bytes, 2, bytes.length - 2)).toBe(text);
		}
	});

	test("are decoded once", () => {
		const readText = vi.fn(standardBytes.readText);
		const texts = new KnownTexts({ ...standardBytes, readText });
		for (let times = 0; times < 3; times++) texts.read(encode("add/sum"), 0, 7);
		expect(readText).toHaveBeenCalledTimes(1);
	});

	test("do not change with the memory that they were read from", () => {
		const texts = new KnownTexts(standardBytes);
		const memory = encode("add/sum");
		texts.read(memory, 0, 7);
		memory.set(encode("add/mus"));
		expect(texts.read(memory, 0, 7)).toBe("add/mus");
		expect(texts.read(encode("add/sum"), 0, 7)).toBe("add/sum");
	});

	test("are not remembered when they are long", () => {
		const readText = vi.fn(standardBytes.readText);
		const texts = new KnownTexts({ ...standardBytes, readText });
		for (let times = 0; times < 3; times++) texts.read(encode("x".repeat(129)), 0, 129);
		expect(readText).toHaveBeenCalledTimes(3);
	});
});
