import { describe, expect, test, vi } from "vitest";
import { standardBytes } from "../../transport/pipe.ts";
import { KnownTexts } from "./known-texts.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const always = (): boolean => true;

describe("known texts", () => {
	test("are read from any offset, whatever came before", () => {
		const texts = new KnownTexts(standardBytes, always);
		const all = ["add/sum", "add/mus", "add/sun", "", "a", "größe/ändern", "x".repeat(200)];
		for (const text of [...all, ...all, ...all.toReversed()]) {
			const bytes = encode(`..${text}..`);
			expect(texts.read(bytes, 2, bytes.length - 2)).toBe(text);
		}
	});

	test("are decoded once", () => {
		const readText = vi.fn(standardBytes.readText);
		const texts = new KnownTexts({ ...standardBytes, readText }, always);
		for (let times = 0; times < 3; times++) texts.read(encode("add/sum"), 0, 7);
		expect(readText).toHaveBeenCalledTimes(1);
	});

	test("do not change with the memory that they were read from", () => {
		const texts = new KnownTexts(standardBytes, always);
		const memory = encode("add/sum");
		texts.read(memory, 0, 7);
		memory.set(encode("add/mus"));
		expect(texts.read(memory, 0, 7)).toBe("add/mus");
		expect(texts.read(encode("add/sum"), 0, 7)).toBe("add/sum");
	});

	test("are not remembered when they are long", () => {
		const readText = vi.fn(standardBytes.readText);
		const texts = new KnownTexts({ ...standardBytes, readText }, always);
		for (let times = 0; times < 3; times++) texts.read(encode("x".repeat(129)), 0, 129);
		expect(readText).toHaveBeenCalledTimes(3);
	});

	test("are remembered by the hundred, each", () => {
		const readText = vi.fn(standardBytes.readText);
		const texts = new KnownTexts({ ...standardBytes, readText }, always);
		const all = Array.from({ length: 2_000 }, (_, index) => `service-${index % 7}/method-${index}`);
		const read = (): string[] => all.map(encode).map((bytes) => texts.read(bytes, 0, bytes.length));
		for (let times = 0; times < 3; times++) expect(read()).toEqual(all);
		expect(readText).toHaveBeenCalledTimes(all.length);
	});

	test("are not remembered without end", () => {
		const readText = vi.fn(standardBytes.readText);
		const texts = new KnownTexts({ ...standardBytes, readText }, always);
		const all = Array.from({ length: 10_000 }, (_, index) => `service/method-${index}`);
		const read = (): string[] => all.map(encode).map((bytes) => texts.read(bytes, 0, bytes.length));
		expect(read()).toEqual(all);
		readText.mockClear();
		expect(read()).toEqual(all);
		expect(readText.mock.calls.length).toBeGreaterThan(7_000);
	});

	test("are not remembered when they are not worth it", () => {
		const readText = vi.fn(standardBytes.readText);
		const texts = new KnownTexts({ ...standardBytes, readText }, () => false);
		for (let times = 0; times < 3; times++) texts.read(encode("add/sum"), 0, 7);
		expect(readText).toHaveBeenCalledTimes(3);
	});
});
