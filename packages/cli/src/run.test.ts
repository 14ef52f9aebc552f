import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context } from "@allium/core";
import { registry as openRegistry } from "@allium/sqlite";
import { RunningTime } from "@allium/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
	allium,
	piped as pipedInto,
	type Result,
	type Started,
	startAllium,
	startService,
} from "./fixtures/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "allium-cli-"));
const env = { ALLIUM_REGISTRY: `sqlite://${folder}/registry`, ALLIUM_NAMESPACE: "cli-test" };
let service: Started;
let url: string;

beforeAll(async () => {
	({ service, url } = await startService(env));
});

afterAll(async () => {
	await service.end();
	rmSync(folder, { recursive: true });
});

function run(...args: string[]): Promise<Result> {
	return allium(args, env);
}

function piped(input: string, ...args: string[]): Promise<Result> {
	return allium(args, env, input);
}

describe("services", () => {
	test("shows a table of the instances and their addresses", async () => {
		const { code, stdout } = await run("services");
		const [title, row, ...others] = stdout.trimEnd().split("\n");
		expect(title?.split(/ +/)).toEqual(["SERVICE", "VERSION", "INSTANCES", "ADDRESSES", "APP", "AGE", "ID"]);
		expect(row?.split(/ +/).slice(0, 5)).toEqual(["kinds", "1.2.0", "1", url, "fixture"]);
		expect([code, others]).toEqual([0, []]);
	});

	test("prints JSON for programs on one line", async () => {
		const { stdout } = await run("services", "--json");
		expect(JSON.parse(stdout)).toMatchObject([
			{ name: "kinds", version: "1.2.0", instances: [{ app: "fixture", status: "up" }] },
		]);
		expect(stdout.split("\n")).toHaveLength(2);
	});

	test("says in one sentence that there is none", async () => {
		const { code, stdout } = await run("services", "--namespace", "another");
		expect(stdout).toMatch(/^No service is up in sqlite:.*\(namespace another\); start one with: allium dev/);
		expect([code, stdout.trimEnd().split("\n").length]).toEqual([0, 1]);
	});

	test("looks in the registry of --registry instead of that of the environment", async () => {
		const { stdout } = await run("services", "--registry", `sqlite://${folder}/other`, "--json");
		expect(stdout).toBe("[]\n");
	});
});

describe("describe", () => {
	test("shows methods, types, errors and an example", async () => {
		const { code, stdout } = await run("describe", "kinds");
		expect(code).toBe(0);
		expect(stdout).toContain(`kinds 1.2.0\nAll kinds of methods.\n${url}\n`);
		expect(stdout).toContain("echo  unary, read\n  Answers what it was sent.\n  input   { text?: string }\n");
		expect(stdout).toContain("too_much  out_of_range  that is too much  { max: integer }\n");
		expect(stdout).toContain("input   stream of { n: integer }\n  output  stream of { n: integer }\n");
		expect(stdout).toContain(`try     allium call kinds total '[{"n":10},{"n":10}]'\n`);
	});

	test("shows events with their version, key and data", async () => {
		const { stdout } = await run("describe", "kinds");
		const head = "counted  event, version 3, reads versions from 2, in the order of what";
		expect(stdout).toContain(
			`\n\n${head}\n  Something was counted.\n  data    { what: string, n: integer }\n`,
		);
	});

	test("prints the description as JSON", async () => {
		const { stdout } = await run("describe", "kinds", "--json");
		expect(JSON.parse(stdout)).toMatchObject({
			name: "kinds",
			methods: { double: { kind: "bidi_stream" } },
			events: { counted: { version: 3, oldestVersion: 2, key: "what", data: { type: "object" } } },
		});
	});

	test("asks an address without a registry", async () => {
		const { stdout } = await allium(["describe", "kinds", "--url", url], { ALLIUM_REGISTRY: "nowhere:" });
		expect(stdout).toContain(`allium call kinds echo '{"text":"text"}' --url ${url}`);
	});

	test("suggests the nearest service, and lists what there is", async () => {
		for (const where of [[], ["--url", url]]) {
			const { code, stderr } = await run("describe", "kind", ...where);
			expect(stderr).toMatch(/Did you mean kinds\?\nKnown here: kinds\.\n$/);
			expect(code).toBe(3);
		}
	});
});

describe("a call", () => {
	test("of a unary method prints its reply on one line", async () => {
		const { code, stdout } = await run("call", "kinds", "echo", '{"text":"hi"}');
		expect([code, stdout]).toEqual([0, '{"text":"hi","tenant":[]}\n']);
	});

	test("without an input sends {}", async () => {
		expect((await run("call", "kinds", "echo")).stdout).toBe('{"tenant":[]}\n');
	});

	test("takes its input from standard input with -", async () => {
		const { stdout } = await piped('{\n"text": "piped"\n}\n', "call", "kinds", "echo", "-");
		expect(stdout).toBe('{"text":"piped","tenant":[]}\n');
	});

	test("that streams out prints a line for each message", async () => {
		const { stdout } = await run("call", "kinds", "count", '{"to":3}');
		expect(stdout).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
	});

	test("that streams in takes a line of standard input for each message", async () => {
		const { stdout } = await piped('{"n":1}\n\n{"n":2}\n{"n":39}', "call", "kinds", "total");
		expect(stdout).toBe('{"total":42}\n');
	});

	test("that streams in takes an array", async () => {
		expect((await run("call", "kinds", "total", '[{"n":40},{"n":2}]')).stdout).toBe('{"total":42}\n');
	});

	test("that streams both ways answers each line as it comes", async () => {
		const started = startAllium(["call", "kinds", "double"], env);
		started.process.stdin.write('{"n":1}\n');
		await started.printed('{"n":2}');
		started.process.stdin.write('{"n":2}\n');
		await started.printed('{"n":4}');
		started.process.stdin.end();
		expect(await started.result).toEqual({ code: 0, stdout: '{"n":2}\n{"n":4}\n', stderr: "" });
	});

	test("sends metadata", async () => {
		const metadata = ["--metadata", "x-tenant=acme=1", "--metadata=x-tenant=two"];
		const { stdout } = await run("call", "kinds", "echo", ...metadata);
		expect(JSON.parse(stdout)).toEqual({ tenant: ["acme=1", "two"] });
	});

	test("goes to an address without a registry, over frames and over HTTP", async () => {
		for (const address of [url, url.replace("http:", "allium:")]) {
			const args = ["call", "kinds", "count", '{"to":1}', "--url", address];
			expect((await allium(args, { ALLIUM_REGISTRY: "nowhere:" })).stdout).toBe('{"n":1}\n');
		}
	});

	test("goes to the instance whose id begins as told", async () => {
		const [{ instances }] = JSON.parse((await run("services", "--json")).stdout);
		const id: string = instances[0].id;
		expect((await run("call", "kinds", "echo", "--instance", id.slice(0, 8))).code).toBe(0);
		const { code, stderr } = await run("call", "kinds", "echo", "--instance", "none");
		expect([code, stderr]).toEqual([
			3,
			`No instance of kinds has an id that begins with none.\nKnown here: ${id}.\n`,
		]);
	});

	test("whose reader goes away ends quietly, and cancels the handler", async () => {
		const marker = join(folder, "gone");
		const input = JSON.stringify({ to: 1e9, marker });
		const started = startAllium(["call", "kinds", "count", input], env);
		await started.printed('{"n":2}');
		started.process.stdout.destroy();
		expect(await started.result).toMatchObject({ code: 0, stderr: "" });
		await vi.waitFor(() => expect(existsSync(marker)).toBe(true));
	});

	test("whose reader goes away between two messages ends, too", async () => {
		const marker = join(folder, "gone-between");
		const input = JSON.stringify({ to: 1, marker });
		const { stdout, stderr } = await pipedInto(`call kinds count '${input}'`, "head -n 1", env);
		expect([stdout, stderr]).toEqual(['{"n":1}\n', "ended 0\n"]);
		await vi.waitFor(() => expect(existsSync(marker)).toBe(true));
	});
});

describe("an error", () => {
	test("of the callee shows code, reason, message and data, and exits with 1", async () => {
		const { code, stdout, stderr } = await run("call", "kinds", "refuse");
		expect(stderr).toBe('out_of_range (too_much): that is too much\n  {\n    "max": 7\n  }\n');
		expect([code, stdout]).toEqual([1, ""]);
	});

	test("of the input shows each issue with its path", async () => {
		const { stderr } = await run("call", "kinds", "check", '{"items":[{"name":"a"},{"name":1}]}');
		expect(stderr).toMatch(
			/^invalid_argument \(invalid_input\): invalid input for kinds\/check\n {2}items\[1\]\.name: .*string.*\n$/,
		);
	});

	test("is one line of JSON with --json", async () => {
		const { code, stderr } = await run("call", "kinds", "refuse", "--json");
		expect(JSON.parse(stderr)).toEqual({
			code: "out_of_range",
			reason: "too_much",
			message: "that is too much",
			data: { max: 7 },
		});
		expect(code).toBe(1);
	});

	test("of a method that does not exist suggests the nearest, and lists all", async () => {
		const { code, stderr } = await run("call", "kinds", "ehco");
		expect(stderr).toBe(
			'kinds has no method "ehco". Did you mean echo?\nKnown here: check, count, double, echo, refuse, remaining, total, wait.\n',
		);
		expect(code).toBe(3);
	});

	test("of an address where nothing listens exits with 3", async () => {
		const { code, stderr } = await run("call", "kinds", "echo", "--url", "http://127.0.0.1:1");
		expect(stderr).toMatch(/^unavailable: cannot reach 127\.0\.0\.1:1: connect ECONNREFUSED/);
		expect(code).toBe(3);
	});

	test.each([
		[["call", "kinds", "echo", '{"text"}'], /^The input is not JSON: unexpected "}" at column 8\.\n$/],
		[["call", "kinds", "total", '{"n":1}'], /^The method takes a stream: give a JSON array, /],
		[["call", "kinds", "echo", "--timeout", "5"], /^--timeout takes a number and a unit, .* not "5"\.\n$/],
		[["call", "kinds", "echo", "--metadata", "x"], /^--metadata takes name=value, not "x"\.\n$/],
		[["call", "kinds", "echo", "--metadata", "x y=1"], /metadata name "x y" may have only/],
		[
			["call", "kinds", "echo", "--url", "nonsense"],
			/^--url takes an address such as http:.* not "nonsense"/,
		],
		[
			["call", "kinds"],
			/^allium call needs a <method>\.\nUsage: allium call <service> <method> \[json\|-] \[options]\n$/,
		],
		[["call", "kinds", "echo", "{}", "more"], /^allium call takes no further argument "more"\./],
		[["services", "--jsno"], /^allium services has no option --jsno\. Did you mean --json\?/],
		[["sevices"], /^allium has no command "sevices"\. Did you mean services\?/],
		[
			["services", "--registry", "cassandra:"],
			/^--registry is cassandra:, but there is no adapter for "cassandra:" URLs here; there are adapters for .*sqlite:.* and zookeeper:/,
		],
		[["services", "--registry", "here"], /^--registry is "here", but takes a URL, such as sqlite:.*\.\n$/],
		[["services", "--namespace", "a b"], /^--namespace is "a b", but takes up to 64 letters.*\.\n$/],
		[["gateway", "--listen", "9090"], /^--listen is "9090", but takes host:port, .* write :9090\.\n$/],
		[
			["call", "kinds", "echo", "--metadata", "x-bin=!!!"],
			/^--metadata x-bin takes bytes as base64, .* not "!!!"/,
		],
	])("of usage, %j, exits with 2", async (args, sentence) => {
		const { code, stdout, stderr } = await run(...args);
		expect(stderr).toMatch(sentence);
		expect([code, stdout]).toEqual([2, ""]);
	});

	test("in a line of standard input says which, and exits with 2", async () => {
		const { code, stderr } = await piped('{"n":1}\n{"n":}\n', "call", "kinds", "total");
		expect(stderr).toBe('Standard input is not JSON: unexpected "}" at line 2, column 6.\n');
		expect(code).toBe(2);
	});
});

describe("a deadline", () => {
	test("is seen by the handler", async () => {
		const { stdout } = await run("call", "kinds", "remaining", "--timeout", "1m");
		const { ms } = JSON.parse(stdout);
		expect(ms).toBeGreaterThan(50_000);
		expect(ms).toBeLessThanOrEqual(60_000);
	});

	test("that passes exits with 4, and ends the handler", async () => {
		const marker = join(folder, "late");
		const input = JSON.stringify({ marker });
		// On a busy machine the deadline may pass before the call has reached the handler.
		await vi.waitFor(async () => {
			const { code, stderr } = await run("call", "kinds", "wait", input, "--timeout", "300ms");
			expect(stderr).toMatch(/^deadline_exceeded: /);
			expect(code).toBe(4);
			expect(existsSync(marker)).toBe(true);
		});
	});

	test("ends a stream, too", async () => {
		const input = JSON.stringify({ to: 1, marker: join(folder, "late-stream") });
		await vi.waitFor(async () => {
			const { code, stdout } = await run("call", "kinds", "count", input, "--timeout", "300ms");
			expect([code, stdout]).toEqual([4, '{"n":1}\n']);
		});
	});
});

describe("Ctrl-C", () => {
	test("cancels the handler, and exits with 130", async () => {
		const marker = join(folder, "interrupted");
		const started = startAllium(["call", "kinds", "count", JSON.stringify({ to: 1, marker })], env);
		await started.printed('{"n":1}');
		expect(await started.end("SIGINT")).toMatchObject({ code: 130, stderr: "" });
		await vi.waitFor(() => expect(readFileSync(marker, "utf8")).toBe("canceled"));
	});

	test("ends the wait for standard input", async () => {
		const started = startAllium(["call", "kinds", "echo", "-"], env);
		// The command reads if it takes more than a pipe holds.
		await new Promise((resolve) => started.process.stdin.write(" ".repeat(1_000_000), resolve));
		expect(await started.end("SIGINT")).toMatchObject({ code: 130, stderr: "" });
	});

	test("ends a call that streams from standard input", async () => {
		const started = startAllium(["call", "kinds", "double", "-"], env);
		started.process.stdin.write('{"n":1}\n');
		await started.printed('{"n":2}');
		expect(await started.end("SIGINT")).toMatchObject({ code: 130, stderr: "" });
	});
});

describe("a server that does not answer", () => {
	let silent: Server;
	let address: string;

	beforeAll(async () => {
		silent = createServer().listen(0, "127.0.0.1");
		await once(silent, "listening");
		address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
	});

	afterAll(() => silent.close());

	test("is given up", async () => {
		const { code, stderr } = await run("describe", "kinds", "--url", address);
		expect([code, stderr]).toEqual([3, `unavailable: ${address} did not answer within 2 s\n`]);
	});

	test("does not hold Ctrl-C up", async () => {
		const started = startAllium(["call", "kinds", "echo", "--url", address], env);
		await once(silent, "connection");
		using time = new RunningTime();
		expect(await started.end("SIGINT")).toMatchObject({ code: 130, stderr: "" });
		expect(time.milliseconds).toBeLessThan(1_500);
	});
});

describe("help", () => {
	test("is there for the command and all of its commands", async () => {
		for (const args of [["--help"], ["help"], ["services", "--help"], ["call", "-h"], ["help", "dev"]]) {
			const { code, stdout, stderr } = await run(...args);
			expect(stdout).toMatch(/\nUsage {2}allium /);
			expect([code, stderr]).toEqual([0, ""]);
		}
	});

	test("names the exit codes", async () => {
		expect((await run("call", "--help")).stdout).toMatch(/\n {2}4 +the deadline passed\n/);
	});

	test("is what nothing at all gives, with exit code 2", async () => {
		const { code, stderr } = await run();
		expect(stderr).toContain("Usage  allium <command> [options]");
		expect(code).toBe(2);
	});

	test("of the version is one line", async () => {
		expect((await run("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
	});
});

test("a dead instance is passed over for one that lives", async () => {
	const registry = await openRegistry(env.ALLIUM_REGISTRY, { ttlMs: 600_000 });
	onTestFinished(() => registry.close());
	const [alive] = await registry.list({ namespace: env.ALLIUM_NAMESPACE, service: "kinds" });
	const addresses = ["allium://127.0.0.1:1", "http://127.0.0.1:1"];
	const dead = { ...(alive ?? expect.unreachable()), id: "dead", addresses };
	await registry.register(dead, Context.background());
	expect((await run("services", "--json")).stdout).toContain("http://127.0.0.1:1");
	expect((await run("describe", "kinds")).code).toBe(0);
	expect((await run("call", "kinds", "echo")).code).toBe(0);
});
