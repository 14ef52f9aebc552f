import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { allium, type Result, type Started, startAllium, startService } from "../fixtures/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "allium-bench-"));
const env = { ALLIUM_REGISTRY: `sqlite://${folder}/registry`, ALLIUM_NAMESPACE: "bench-test" };
const short = ["--duration", "300ms", "--warmup", "0"];
let services: Started[];
let url: string;

beforeAll(async () => {
	const started = [await startService(env), await startService(env)];
	services = started.map(({ service }) => service);
	url = started[0]?.url ?? "";
});

afterAll(async () => {
	await Promise.all(services.map((service) => service.end()));
	rmSync(folder, { recursive: true });
});

function bench(...args: string[]): Promise<Result> {
	return allium(["bench", "kinds", ...args], env);
}

async function report(...args: string[]) {
	const { stdout, stderr, code } = await bench(...args, "--json", ...short);
	expect([stderr, code]).toEqual(["", 0]);
	return JSON.parse(stdout);
}

describe("a load", () => {
	test("at a rate is an open loop, whose report shows percentiles and the called instances", async () => {
		const { code, stdout, stderr } = await bench("echo", '{"text":"hi"}', "--rate", "200", ...short);
		expect([code, stderr]).toEqual([0, ""]);
		expect(stdout).toMatch(/^kinds\/echo\nOpen loop: 200\/s at even intervals, at most 1,000 in flight\./);
		expect(stdout).toMatch(/\ncalls +60 in [\d.]+ m?s, [\d.]+\/s succeeded\nerrors +none\n/);
		expect(stdout).toMatch(/\np99\.9 +[\d.]+ (us|ms) {2}\S+\n/);
		expect(stdout).toMatch(/\nCalls by instance\n( {2}[\d.]+% +[\w-]{32}\n){2}/);
		for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
	});

	test("without a rate is a closed loop, and says that it hides waiting", async () => {
		const { stdout } = await bench("echo", "--concurrency", "2", ...short);
		expect(stdout).toMatch(
			/^kinds\/echo\nClosed loop: 2 callers; .*hide\s+waiting;\s+--rate\s+shows\s+it\.\n/s,
		);
	});

	test("goes to an address without a registry, over frames and over HTTP", async () => {
		for (const address of [url, url.replace("http:", "allium:")]) {
			const args = ["echo", "--rate", "100", "--url", address, "--json", ...short];
			const { stdout } = await allium(["bench", "kinds", ...args], { ALLIUM_REGISTRY: "nowhere:" });
			expect(JSON.parse(stdout)).toMatchObject({ method: "kinds/echo", succeeded: 30, failed: 0 });
		}
	});

	test("as JSON is data", async () => {
		const assertion = "p50<10s";
		const data = await report("echo", "--rate", "100", "--arrivals", "poisson", "--assert", assertion);
		expect(data).toMatchObject({
			method: "kinds/echo",
			loop: "open",
			rate: 100,
			arrivals: "poisson",
			latency: { percentiles: { p50: expect.any(Number), "p99.99": expect.any(Number) } },
			assertions: [{ assertion, value: expect.any(Number), holds: true }],
		});
		expect(data.latency.count).toBe(data.calls);
	});

	test("of a stream counts to the first message, and counts the messages", async () => {
		const { succeeded, messages } = await report("count", '{"to":5}', "--rate", "50");
		expect([succeeded, messages]).toEqual([15, 75]);
	});

	test("of a method that takes a stream sends each call the messages of an array", async () => {
		expect(await report("total", '[{"n":1},{"n":2}]', "--rate", "50")).toMatchObject({ succeeded: 15 });
		expect(await report("double", '[{"n":1},{"n":2}]', "--rate", "50")).toMatchObject({ messages: 30 });
		const { code, stderr } = await bench("total", '{"n":1}');
		expect([code, stderr]).toEqual([
			2,
			"The method takes a stream: the input of each call is a JSON array of its messages.\n",
		]);
	});

	test("takes its inputs in turn from a file, or from standard input", async () => {
		const lines = '{"items":[]}\n\n{"items":[{"name":1}]}\n';
		const file = join(folder, "inputs.jsonl");
		writeFileSync(file, lines);
		const args = ["--rate", "100", "--json", ...short];
		const fromFile = await bench("check", "--inputs", file, ...args);
		const piped = await allium(["bench", "kinds", "check", "-", ...args], env, lines);
		for (const { stdout } of [fromFile, piped]) {
			expect(JSON.parse(stdout)).toMatchObject({
				succeeded: 15,
				failures: [{ code: "invalid_argument", reason: "invalid_input", count: 15 }],
			});
		}
	});
});

describe("an assertion", () => {
	test("that holds leaves the exit code 0, and shows the measured value", async () => {
		const { code, stdout } = await bench("echo", "--rate", "50", "--assert", "errors<0.1%,p50<10s", ...short);
		expect(stdout).toMatch(
			/\nAssertions\n {2}holds {2}errors<0\.1% {2}0%\n {2}holds {2}p50<10s +[\d.]+ [mu]s\n$/,
		);
		expect(code).toBe(0);
	});

	test("that fails makes it 1", async () => {
		const conditions = "errors=0,max<1us,p50<10s";
		const { code, stdout, stderr } = await bench("echo", "--rate", "50", "--assert", conditions, ...short);
		expect(stdout).toMatch(/\n {2}holds {2}errors=0 +0\n {2}fails {2}max<1us +[\d.]+ \ws\n {2}holds /);
		expect([code, stderr]).toEqual([1, ""]);
	});

	test("that is wrong is told before anything is called, or looked for", async () => {
		const { code, stdout, stderr } = await allium(
			["bench", "nobody", "nothing", "--assert", "errors<1%,p99<50"],
			{ ALLIUM_REGISTRY: "nowhere:" },
		);
		expect(stderr).toBe(
			"--assert is wrong at column 17: a latency needs a unit: us, ms or s.\n  errors<1%,p99<50\n                  ^\n",
		);
		expect([code, stdout]).toEqual([2, ""]);
	});
});

test("failures are counted by code and reason; when no call succeeds the exit code is 1", async () => {
	const { code, stdout } = await bench("refuse", "--rate", "50", ...short);
	expect(stdout).toMatch(/\nerrors +15, 100%\n/);
	expect(stdout).toContain("\nErrors\n  15  100%  out_of_range (too_much): that is too much\n");
	expect(code).toBe(1);
});

test("a call's timeout counts from its scheduled time", async () => {
	const args = ["--rate", "50", "--concurrency", "1", "--timeout", "100ms"];
	const { stdout } = await bench("wait", ...args, "--json", ...short);
	const { failures, calls, failed, latency } = JSON.parse(stdout);
	expect([calls, failed]).toEqual([15, 15]);
	// On a busy machine the time of a call may run out before it can be sent.
	for (const { code } of failures) expect(["deadline_exceeded", "resource_exhausted"]).toContain(code);
	expect(latency.min).toBeGreaterThanOrEqual(99);
});

test("Ctrl-C prints the report of what there is, and exits with 130", async () => {
	const marker = join(folder, "called");
	const input = JSON.stringify({ marker });
	const args = ["--rate", "50", "--timeout", "50ms", "--duration", "1h", "--warmup", "0"];
	const started = startAllium(["bench", "kinds", "wait", input, ...args], env);
	// The service leaves the file when a call has run out of time.
	await vi.waitFor(() => expect(existsSync(marker)).toBe(true), { timeout: 10_000 });
	const { code, stdout, stderr } = await started.end("SIGINT");
	expect([code, stderr]).toEqual([130, ""]);
	expect(stdout).toMatch(/^kinds\/wait\nOpen loop: .*\ncalls .*\nNote: the load was interrupted; /s);
});

test.each([
	[["{}", "--inputs", "x"], "The input is given twice: as an argument, and with --inputs."],
	[["--inputs", "/nowhere"], "--inputs takes a file that can be read: ENOENT: no such file"],
	[["--inputs", "."], '--inputs takes a file that can be read: "." is a folder.'],
	[["--concurrency", "99999999999"], "--concurrency takes a whole number above 0, at most 1000000, not"],
	[["{a}"], 'The input is not JSON: unexpected "a" at column 2.'],
])("wrong usage is told in one sentence: %j", async (args, sentence) => {
	const { code, stdout, stderr } = await bench("echo", ...args);
	expect(stderr).toContain(sentence);
	expect([code, stdout]).toEqual([2, ""]);
});
