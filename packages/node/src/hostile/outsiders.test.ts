import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AttackedServer, openAttackedServer } from "./fixtures/attacked-server.ts";

const run = promisify(execFile);

let target: AttackedServer;
beforeAll(async () => {
	target = await openAttackedServer({ limits: { headersTimeoutMs: 500, bodyTimeoutMs: 500 } });
});
afterAll(() => target.listener.close());

/** Programs that must be there: then their tests fail rather than be skipped. */
const required = (process.env.ALLIUM_TEST_REQUIRE ?? "").split(",");

/** Describes tests with a program, which are skipped where the program is missing. */
function withProgram(program: string, version: string, tests: () => void): void {
	const isThere = spawnSync(program, [version]).error === undefined;
	const title = isThere ? program : `${program} (skipped: ${program} is not installed)`;
	describe.skipIf(!isThere && !required.includes(program))(title, tests);
}

const input = '{"a":1,"b":2}';
const sum = (): string => `${target.url}/lab/sum`;

withProgram("curl", "--version", () => {
	const json = ["-sS", "-X", "POST", "-H", "content-type: application/json"];

	test("makes two calls on one connection", async () => {
		const { stdout } = await run("curl", [...json, "-d", input, "-w", " %{num_connects}\n", sum(), sum()]);
		expect(stdout).toBe('{"v":3} 1\n{"v":3} 0\n');
	});

	test("sends a body when the server has told it to go on", async () => {
		const { stdout } = await run("curl", [...json, "-H", "expect: 100-continue", "-d", input, sum()]);
		expect(stdout).toBe('{"v":3}');
	});

	test("uploads in chunks", async () => {
		const { stdout } = await run("curl", [...json, "-H", "transfer-encoding: chunked", "-d", input, sum()]);
		expect(stdout).toBe('{"v":3}');
	});
});

withProgram("python3", "--version", () => {
	const script = `
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
def call(body, **how):
    connection.request("POST", "/lab/sum", body, {"content-type": "application/json"}, **how)
    answer = connection.getresponse()
    print(answer.status, answer.read().decode())
call('{"a":1,"b":2}')
call('{"a":1,"b":2}')
call(iter([b'{"a":3', b',"b":4}']), encode_chunked=True)
call('{"a":5,"b":6}')
`;

	test("makes calls on one connection, with a length and in chunks", async () => {
		const { stdout } = await run("python3", ["-c", script, String(target.port)]);
		expect(stdout).toBe('200 {"v":3}\n200 {"v":3}\n200 {"v":7}\n200 {"v":11}\n');
	});
});

withProgram("h2load", "--version", () => {
	const folder = mkdtempSync(join(tmpdir(), "allium-"));
	const body = join(folder, "input.json");
	writeFileSync(body, input);
	afterAll(() => rmSync(folder, { recursive: true }));

	test("makes 2,000 calls over HTTP/1.1 on 20 connections", async () => {
		const head = ["--h1", "-n", "2000", "-c", "20", "-H", "content-type: application/json"];
		const { stdout } = await run("h2load", [...head, "--data", body, sum()]);
		expect(stdout).toContain("2000 succeeded, 0 failed, 0 errored, 0 timeout");
		expect(stdout).toContain("status codes: 2000 2xx");
	});
});

withProgram("slowhttptest", "-h", () => {
	test.each([
		["heads", ["-H", "-t", "GET"]],
		["bodies", ["-B", "-s", "1000", "-f", "application/json", "-t", "POST"]],
	])("with slow %s loses its connections, while others are served", async (_, attack) => {
		// It gives up after minutes, and ends as soon as no connection is left.
		const slow = ["-c", "40", "-r", "40", "-i", "1", "-l", "150", "-p", "100", "-u", sum()];
		const attacked = run("slowhttptest", [...attack, ...slow]);
		expect((await target.neighbour()).status).toBe(200);
		const { stdout } = await attacked;
		expect(stdout).toContain("No open connections left");
	});
});
