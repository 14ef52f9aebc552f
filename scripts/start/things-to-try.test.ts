import { expect, test } from "vitest";
import { gatewayProcess } from "./examples.ts";
import { thingsToTry } from "./things-to-try.ts";

const gateway = { process: gatewayProcess, url: "http://127.0.0.1:8080" };
const running = (example: string, label: string, port: number) => ({
	process: { example, label, file: "main.ts" },
	url: `http://127.0.0.1:${port}`,
});

test("every process has a line with its address", () => {
	const lines = thingsToTry([gateway, running("greeter", "greeter", 4000)]);
	expect(lines).toContain("  gateway  http://127.0.0.1:8080");
	expect(lines).toContain("  greeter  http://127.0.0.1:4000");
});

test("each example of those that start by default has something to try", () => {
	const examples = ["greeter", "addsvc", "gogo"];
	const lines = thingsToTry([gateway, ...examples.map((name, index) => running(name, name, 4000 + index))]);
	for (const of of ["/greeter/hello", "call add sum", "/matches/"]) {
		expect(lines.some((line) => line.includes(of))).toBe(true);
	}
});

test("what to try is said once for each example that runs, whatever the number of its processes", () => {
	const services = ["api", "cards"].map((label, index) => running("bank", label, 4000 + index));
	const lines = thingsToTry([gateway, ...services]);
	expect(lines.filter((line) => line.includes("http://127.0.0.1:8080/payments"))).toHaveLength(1);
	expect(lines.filter((line) => line.includes("/greeter/"))).toEqual([]);
});
