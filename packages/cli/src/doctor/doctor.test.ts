import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { killWithoutAWord } from "../fixtures/kill-without-a-word.ts";
import { conditions, Started } from "../fixtures/processes.ts";
import { Patient, Shop, shop } from "./fixtures/patient.ts";

const patient = new Patient();

const main = new URL("../fixtures/main.ts", import.meta.url).pathname;
const processes: Started[] = [];
const servers: Server[] = [];
afterEach(async () => {
	await Promise.all(processes.splice(0).map((each) => each.end("SIGKILL")));
	for (const server of servers.splice(0)) server.close();
});

describe("where nothing is wrong", () => {
	test("a line for each examination says so, and the exit code is 0", async () => {
		await patient.serve(Shop, shop);
		const { code, stdout } = await patient.run();
		expect(stdout).toMatch(/^node {11}ok {7}Node \d+/m);
		expect(stdout).toMatch(
			/^configuration {2}ok {7}namespace default, registry sqlite:.* \(ALLIUM_REGISTRY\), no TLS$/m,
		);
		expect(stdout).toMatch(
			/^registry {7}ok {7}sqlite:.* answered within \d+ ms: 1 instance in the namespace default$/m,
		);
		expect(stdout).toMatch(/^clock {10}ok {7}it differs from that of the registry by 0\.\d\d s/m);
		expect(stdout).toMatch(/^data folder {4}ok {7}.* can be written$/m);
		expect(stdout).toMatch(/^port {11}ok {7}any free port on 127\.0\.0\.1$/m);
		expect(stdout).toMatch(/^instances {6}ok {7}1 of 1 answer$/m);
		expect(stdout).toMatch(/^contracts {6}ok {7}the one service has one contract$/m);
		expect(stdout).toMatch(/^certificates {3}ok {7}none is used/m);
		expect(stdout).toMatch(/\n\nNothing is wrong\.\n$/);
		expect(code).toBe(0);
	});

	test("a URL for all backends is not called the registry's, which it need not be", async () => {
		const all = { ALLIUM_REGISTRY: "", ALLIUM_URL: "postgres://shop:secret@db/shop" };
		expect((await patient.found("configuration", [], all)).findings).toMatchObject([
			{ state: "ok", says: "namespace default, ALLIUM_URL postgres://shop:***@db/shop, no TLS" },
		]);
	});

	test("a machine on which nothing has run yet is well, too", async () => {
		const { code, findings } = await patient.found("data folder");
		expect([code, findings]).toEqual([
			0,
			[
				{
					examination: "data folder",
					state: "ok",
					says: `${patient.folder}/registry is made when the first service starts`,
				},
			],
		]);
	});
});

test("what is wrong comes with its remedy, and the exit code is 1", async () => {
	const { code, stdout } = await patient.run([], { PORT: "http" });
	expect(code).toBe(1);
	expect(stdout).toMatch(
		/^configuration {2}wrong {4}PORT is "http", but takes a port .*\n {24}→ set the variable or option that the sentence names\n/m,
	);
	expect(stdout).toMatch(/^registry {7}skipped {2}it needs the configuration$/m);
	expect(stdout).toMatch(/\n\n1 thing is wrong\.\n$/);
});

describe("the registry", () => {
	test("that has no adapter is told, with what to do", async () => {
		const { code, findings } = await patient.found("registry", [], { ALLIUM_REGISTRY: "nowhere:" });
		expect([code, findings]).toEqual([
			1,
			[
				expect.objectContaining({
					state: "wrong",
					says: expect.stringContaining('no adapter for "nowhere:" URLs'),
					remedy: "start the registry, or name another one with --registry or ALLIUM_REGISTRY",
				}),
			],
		]);
	});

	test("that does not answer is given up after a while, and the command ends", async () => {
		const silent = patient.install("silent", "list: () => new Promise(() => setInterval(() => {}, 1e6))");
		const { code, findings } = await patient.found("registry", [], silent);
		expect([code, findings]).toEqual([
			1,
			[expect.objectContaining({ state: "wrong", says: "it did not end within 10 s" })],
		]);
	});
});

describe("the clock of the registry", () => {
	test.each([
		[60_000, "ahead of"],
		[-60_000, "behind"],
	])("that is %i ms off is told", async (offMs, side) => {
		const skewed = patient.install(
			"skewed",
			`clock: async () => ({ now: Date.now() + ${offMs}, resolutionMs: 1 })`,
		);
		const { code, findings } = await patient.found("clock", [], skewed);
		expect([code, findings]).toEqual([
			1,
			[
				{
					examination: "clock",
					state: "wrong",
					says: expect.stringMatching(
						new RegExp(
							`^the clock of the registry is (60|59\\.\\d\\d) s \\(give or take .*\\) ${side} that of this machine$`,
						),
					),
					remedy: "set both clocks by NTP: whether certificates and tokens are valid depends on them",
				},
			],
		]);
	});

	test("that tells whole seconds alone is not thought to be off by one", async () => {
		const coarse = patient.install(
			"coarse",
			"clock: async () => ({ now: Math.floor(Date.now() / 1000) * 1000, resolutionMs: 1000 })",
		);
		expect((await patient.found("clock", [], coarse)).findings).toEqual([
			expect.objectContaining({ state: "ok" }),
		]);
	});

	test("that is not told is not examined", async () => {
		const { code, findings } = await patient.found("clock", [], patient.install("timeless", ""));
		expect([code, findings]).toEqual([
			0,
			[{ examination: "clock", state: "skipped", says: "this registry tells no time" }],
		]);
	});
});

describe("the data folder", () => {
	test("that other users may write to is told", async () => {
		mkdirSync(join(patient.folder, "registry"));
		chmodSync(join(patient.folder, "registry"), 0o777);
		const { code, findings } = await patient.found("data folder");
		expect([code, findings]).toEqual([
			1,
			[
				expect.objectContaining({
					state: "wrong",
					remedy: `let its user alone write there: chmod go-w ${patient.folder}/registry`,
				}),
			],
		]);
	});

	test("that is a file is told", async () => {
		writeFileSync(join(patient.folder, "registry"), "");
		expect((await patient.found("data folder")).findings).toEqual([
			expect.objectContaining({ state: "wrong", says: `${patient.folder}/registry is no folder` }),
		]);
	});
});

describe("the port", () => {
	async function listening(): Promise<string> {
		const server = createServer();
		servers.push(server);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const address = server.address();
		return typeof address === "object" ? String(address?.port) : "";
	}

	test("that a stranger has is told, with whose it is", async () => {
		const port = await listening();
		const { code, findings } = await patient.found("port", [], { PORT: port });
		const owner = process.platform === "linux" ? `process ${process.pid} \\(.*\\)` : ".*";
		expect([code, findings]).toEqual([
			1,
			[
				expect.objectContaining({
					state: "wrong",
					says: expect.stringMatching(
						new RegExp(
							`^port ${port} on 127\\.0\\.0\\.1 is taken by ${owner}, which is not in the registry$`,
						),
					),
				}),
			],
		]);
	});

	test("that a registered service has is well", async () => {
		const app = await patient.serve(Shop, shop);
		const { port } = new URL(app.addresses.find((address) => address.startsWith("http:")) ?? "");
		expect((await patient.found("port", [], { PORT: port })).findings).toEqual([
			{
				examination: "port",
				state: "ok",
				says: `${port} on 127.0.0.1 is taken by shop, which is registered there`,
			},
		]);
	});
});

test("an instance that died without a word is told", async () => {
	const service = new Started([...conditions, main], patient.env);
	processes.push(service);
	await service.printed("is ready");
	await vi.waitFor(async () =>
		expect((await patient.found("instances")).findings).toEqual([
			expect.objectContaining({ says: "1 of 1 answer" }),
		]),
	);
	await killWithoutAWord(service, patient.registry);
	const { code, findings } = await patient.found("instances");
	expect([code, findings]).toEqual([
		1,
		[
			expect.objectContaining({
				state: "wrong",
				says: expect.stringMatching(
					/^fixture \([0-9a-f]{8}\) is registered and does not answer: cannot reach 127\.0\.0\.1:\d+: /,
				),
				remedy: expect.stringContaining("if its process is gone, its registration goes by itself"),
			}),
		],
	]);
});
