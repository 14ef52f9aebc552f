import { testClient } from "@allium/testing";
import { describe, expect, test } from "vitest";
import { NewService } from "./contract.ts";
import { service } from "./service.ts";

describe("the countdown", () => {
	test("goes down to zero", async () => {
		await using client = testClient(NewService, service);
		const counted = await Array.fromAsync(client.countdown({ from: 3, everyMs: 0 }));
		expect(counted).toEqual([{ left: 3 }, { left: 2 }, { left: 1 }, { left: 0 }]);
	});

	test("ends when its consumer stops", async () => {
		await using client = testClient(NewService, service);
		for await (const { left } of client.countdown({ from: 1_000, everyMs: 60_000 })) {
			expect(left).toBe(1_000);
			break;
		}
	});

	test("starts at a number that is not negative", async () => {
		await using client = testClient(NewService, service);
		await expect(Array.fromAsync(client.countdown({ from: -1 }))).rejects.toMatchObject({
			code: "invalid_argument",
			data: { issues: [{ path: ["from"] }] },
		});
	});
});
