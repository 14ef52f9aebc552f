import { memoryRegistry } from "@allium/core";
import { describe, expect, test } from "vitest";
import { openRegistry } from "./adapters.ts";

describe("opening a backend by its URL", () => {
	test("uses an adapter that was passed in", async () => {
		const registry = memoryRegistry();
		expect(await openRegistry("ours://here", { ours: async () => ({ registry: () => registry }) })).toBe(
			registry,
		);
	});

	test("names the package to install when there is none", async () => {
		await expect(openRegistry("nowhere://x")).rejects.toThrow(
			'no adapter for "nowhere:" URLs; install it with "npm install @allium/nowhere", or correct the URL',
		);
	});

	test("says when an adapter lacks the port, without its password", async () => {
		await expect(openRegistry("half://user:secret@x", { half: async () => ({}) })).rejects.toThrow(
			"@allium/half has no registry; choose another backend than half://user:***@x for it",
		);
	});
});
