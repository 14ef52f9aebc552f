import { describe, expect, test } from "vitest";
import { httpUrl, readyAddresses } from "./ready-line.ts";

describe("the line that says that a process is ready", () => {
	test.each([
		["greeter is ready on http://127.0.0.1:4000", ["http://127.0.0.1:4000"]],
		[
			"Ready: allium://127.0.0.1:4000, http://127.0.0.1:4000.",
			["allium://127.0.0.1:4000", "http://127.0.0.1:4000"],
		],
		['{"message":"ready","addresses":["allium://[::1]:9"]}', ["allium://[::1"]],
	])("%s", (line, addresses) => {
		expect(readyAddresses(line)?.[0]?.startsWith(addresses[0] as string)).toBe(true);
		expect(readyAddresses(line)).toHaveLength(addresses.length);
	});

	test.each(["listening on http://127.0.0.1:4000", "already at http://127.0.0.1:4000", "ready to connect"])(
		"not: %s",
		(line) => {
			expect(readyAddresses(line)).toBeUndefined();
		},
	);
});

test("curl gets an HTTP address whatever the scheme was", () => {
	expect(httpUrl(["allium://127.0.0.1:4000/"])).toBe("http://127.0.0.1:4000");
	expect(httpUrl([])).toBeUndefined();
});
