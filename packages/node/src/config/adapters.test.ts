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

	test("says which there are when there is none, and recommends no package that does not exist", async () => {
		await expect(openRegistry("nowhere://x")).rejects.toThrow(
			'there is no adapter for "nowhere:" URLs here; Allium brings one for sqlite:; pass that of another in the option "adapters"',
		);
	});

	test("names the package to install when it exists", async () => {
		await expect(openRegistry("sqlite:", {}, "/")).rejects.toThrow(
			'there is no adapter for "sqlite:" URLs here; install it with "npm install @allium/sqlite"',
		);
	});

	test("says when an adapter lacks the port, without its password", async () => {
		await expect(openRegistry("half://user:secret@x", { half: async () => ({}) })).rejects.toThrow(
			"@allium/half has no registry; choose another backend than half://user:***@x for it",
		);
	});
});
