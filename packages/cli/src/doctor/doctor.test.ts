import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	type AnyContract,
	contract,
	event,
	method,
	type Service,
	ServiceError,
	silentLogger,
} from "@allium/core";
import { type App, type AppOptions, createApp, tlsFolder } from "@allium/node";
import { Authority, type IssueOptions } from "@allium/node/certificates";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { type Result, Started, startAllium } from "../fixtures/processes.ts";

const main = new URL("../fixtures/main.ts", import.meta.url).pathname;
const hourMs = 3_600_000;

const Shop = contract(
	"shop",
	{ list: method({ output: z.object({ name: z.string() }), effect: "read" }) },
	{ version: "1.0.0" },
);
const Wider = contract(
	"shop",
	{ list: method({ output: z.object({ name: z.string() }), effect: "read" }), add: method({}) },
	{ version: "1.1.0" },
);
const Broken = contract(
	"shop",
	{ list: method({ output: z.object({ name: z.int() }), effect: "read" }) },
	{ version: "2.0.0" },
);

interface Found {
	readonly examination: string;
	readonly state: string;
	readonly says: string;
	readonly remedy?: string;
	readonly details?: readonly string[];
}

let folder: string;
let registry: string;
let env: NodeJS.ProcessEnv;
const apps: App[] = [];
const processes: Started[] = [];
const servers: Server[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-doctor-"));
	registry = `sqlite://${folder}/registry`;
	env = { ALLIUM_REGISTRY: registry, ALLIUM_TLS: "", PORT: "" };
});

afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
	await Promise.all(processes.splice(0).map((each) => each.end("SIGKILL")));
	for (const server of servers.splice(0)) server.close();
	rmSync(folder, { recursive: true });
});

function run(args: readonly string[] = [], more: NodeJS.ProcessEnv = {}): Promise<Result> {
	return startAllium(["doctor", ...args], { ...env, ...more }, folder).result;
}

/** The findings of one examination, and the exit code. */
async function found(examination: string, args: readonly string[] = [], more: NodeJS.ProcessEnv = {}) {
	const { code, stdout, stderr } = await run(["--json", ...args], more);
	expect(stderr).toBe("");
	const { ok, findings }: { ok: boolean; findings: Found[] } = JSON.parse(stdout);
	expect(code).toBe(ok ? 0 : 1);
	return { code, findings: findings.filter((finding) => finding.examination === examination) };
}

async function serve<C extends AnyContract>(
	contract: C,
	service: Service<C>,
	options: Partial<AppOptions> = {},
): Promise<App> {
	const app = createApp({
		name: "shop",
		env: { ALLIUM_REGISTRY: registry },
		drainDelayMs: 0,
		logger: { log() {} },
		...options,
	});
	app.serve(contract, service);
	apps.push(app);
	await app.start();
	return app;
}

const shop: Service<typeof Shop> = { list: async () => ({ name: "pear" }) };

/** Installs an adapter in the folder in which the command runs. Its registry lists nothing. */
function install(scheme: string, source: string): NodeJS.ProcessEnv {
	const registry = `{ list: async () => [], close: async () => {}, ${source} }`;
	installAdapter(scheme, `export const registry = () => (${registry});`);
	return { ALLIUM_REGISTRY: `${scheme}:` };
}

function installAdapter(scheme: string, module: string): void {
	const home = join(folder, "node_modules/@allium", scheme);
	mkdirSync(home, { recursive: true });
	writeFileSync(
		join(home, "package.json"),
		JSON.stringify({ name: `@allium/${scheme}`, type: "module", exports: "./index.js" }),
	);
	writeFileSync(join(home, "index.js"), module);
}

describe("where nothing is wrong", () => {
	test("a line for each examination says so, and the exit code is 0", async () => {
		await serve(Shop, shop);
		const { code, stdout } = await run();
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

	test("a machine on which nothing has run yet is well, too", async () => {
		const { code, findings } = await found("data folder");
		expect([code, findings]).toEqual([
			0,
			[
				{
					examination: "data folder",
					state: "ok",
					says: `${folder}/registry is made when the first service starts`,
				},
			],
		]);
	});
});

test("what is wrong comes with its remedy, and the exit code is 1", async () => {
	const { code, stdout } = await run([], { PORT: "http" });
	expect(code).toBe(1);
	expect(stdout).toMatch(
		/^configuration {2}wrong {4}PORT is "http", but takes a port .*\n {24}→ set the variable or option that the sentence names\n/m,
	);
	expect(stdout).toMatch(/^registry {7}skipped {2}it needs the configuration$/m);
	expect(stdout).toMatch(/\n\n1 thing is wrong\.\n$/);
});

describe("the registry", () => {
	test("that has no adapter is told, with what to do", async () => {
		const { code, findings } = await found("registry", [], { ALLIUM_REGISTRY: "nowhere:" });
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
		const silent = install("silent", "list: () => new Promise(() => setInterval(() => {}, 1e6))");
		const { code, findings } = await found("registry", [], silent);
		expect([code, findings]).toEqual([
			1,
			[expect.objectContaining({ state: "wrong", says: "it did not end within 10 s" })],
		]);
	});
});

const Matches = contract("matches", { started: event({ key: "id", data: z.object({ id: z.string() }) }) });

describe("the broker", () => {
	test("that does not answer is told, and the groups wait for it", async () => {
		installAdapter("away", 'export const broker = () => { throw new Error("nobody is there"); };');
		const away = { ALLIUM_BROKER: "away:" };
		expect(await found("broker", [], away)).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: expect.stringContaining("nobody is there"),
					remedy: "start it or correct its URL, or name another one with --broker or ALLIUM_BROKER",
				},
			],
		});
		expect((await found("groups", [], away)).findings).toMatchObject([
			{ state: "skipped", says: "it needs the broker" },
		]);
	});

	test("tells the version of its server, and what its settings may lose", async () => {
		const server = '{ version: "Fake 1.2", warnings: [{ says: "it forgets", remedy: "remind it" }] }';
		const log = `{ topics: async () => ["matches"], server: async () => (${server}) }`;
		const parts = `log: ${log}, state: { groups: async () => [] }, close: async () => {}`;
		installAdapter("forgetful", `export const broker = () => ({ ${parts} });`);
		const { code, findings } = await found("broker", ["--broker", "forgetful:"]);
		expect(code).toBe(1);
		expect(findings).toMatchObject([
			{
				state: "ok",
				says: expect.stringMatching(/^forgetful: answered within \d+ ms: Fake 1\.2, 1 topic, 0 groups$/),
			},
			{ state: "wrong", says: "it forgets", remedy: "remind it" },
		]);
	});

	test("that keeps files is examined where they are", async () => {
		mkdirSync(join(folder, "events"), { mode: 0o777 });
		chmodSync(join(folder, "events"), 0o777);
		const { findings } = await found("broker", [], { ALLIUM_BROKER: `sqlite://${folder}/events` });
		expect(findings[1]).toMatchObject({
			state: "wrong",
			remedy: `let its user alone write there: chmod go-w ${folder}/events`,
		});
	});

	test("whose groups have parked events, or nobody who handles them, is told with what to do", async () => {
		const broker = { ALLIUM_BROKER: `sqlite://${folder}/events` };
		const options = { drainDelayMs: 0, logger: silentLogger, env: { ALLIUM_REGISTRY: registry, ...broker } };
		const rewards = createApp({ name: "rewards", ...options });
		rewards.subscribe(Matches, {
			async started() {
				throw new ServiceError({ code: "invalid_argument", message: "no reward" });
			},
		});
		const matches = createApp({ name: "matches", ...options });
		matches.serve(Matches, {});
		apps.push(matches, rewards);
		await rewards.start();
		await matches.start();
		await matches.publish(Matches.started({ id: "a" }));
		await vi.waitFor(
			async () => {
				const { findings } = await found("groups", [], broker);
				expect(findings).toMatchObject([
					{
						state: "wrong",
						says: "rewards of matches: 1 event is parked",
						remedy: "see why with allium parked list matches rewards, then replay or discard them",
					},
				]);
			},
			{ timeout: 60_000 },
		);
		await rewards.stop();
		await matches.publish(Matches.started({ id: "b" }));
		expect((await found("groups", [], broker)).findings).toContainEqual(
			expect.objectContaining({
				says: "rewards of matches: no process handles its events",
				remedy: "start the app that subscribes as rewards",
			}),
		);
	});
});

describe("the event store and the views", () => {
	test("answer, or are told with the variable that names them", async () => {
		const env = { ALLIUM_EVENTS: `sqlite://${folder}/events`, ALLIUM_VIEWS: "nowhere:" };
		expect((await found("event store", [], env)).findings).toMatchObject([
			{ state: "ok", says: `sqlite://${folder}/events answers` },
		]);
		expect((await found("views", [], env)).findings).toMatchObject([
			{ state: "wrong", remedy: expect.stringContaining("--views or ALLIUM_VIEWS") },
		]);
	});
});

describe("the clock of the registry", () => {
	test.each([
		[60_000, "ahead of"],
		[-60_000, "behind"],
	])("that is %i ms off is told", async (offMs, side) => {
		const skewed = install("skewed", `clock: async () => ({ now: Date.now() + ${offMs}, resolutionMs: 1 })`);
		const { code, findings } = await found("clock", [], skewed);
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
		const coarse = install(
			"coarse",
			"clock: async () => ({ now: Math.floor(Date.now() / 1000) * 1000, resolutionMs: 1000 })",
		);
		expect((await found("clock", [], coarse)).findings).toEqual([expect.objectContaining({ state: "ok" })]);
	});

	test("that is not told is not examined", async () => {
		const { code, findings } = await found("clock", [], install("timeless", ""));
		expect([code, findings]).toEqual([
			0,
			[{ examination: "clock", state: "skipped", says: "this registry tells no time" }],
		]);
	});
});

describe("the data folder", () => {
	test("that other users may write to is told", async () => {
		mkdirSync(join(folder, "registry"));
		chmodSync(join(folder, "registry"), 0o777);
		const { code, findings } = await found("data folder");
		expect([code, findings]).toEqual([
			1,
			[
				expect.objectContaining({
					state: "wrong",
					remedy: `let its user alone write there: chmod go-w ${folder}/registry`,
				}),
			],
		]);
	});

	test("that is a file is told", async () => {
		writeFileSync(join(folder, "registry"), "");
		expect((await found("data folder")).findings).toEqual([
			expect.objectContaining({ state: "wrong", says: `${folder}/registry is no folder` }),
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
		const { code, findings } = await found("port", [], { PORT: port });
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
		const app = await serve(Shop, shop);
		const { port } = new URL(app.addresses.find((address) => address.startsWith("http:")) ?? "");
		expect((await found("port", [], { PORT: port })).findings).toEqual([
			{
				examination: "port",
				state: "ok",
				says: `${port} on 127.0.0.1 is taken by shop, which is registered there`,
			},
		]);
	});
});

test("an instance that died without a word is told", async () => {
	const service = new Started(["--conditions=@allium/source", main], env);
	processes.push(service);
	await service.printed("is ready");
	expect((await found("instances")).findings).toEqual([expect.objectContaining({ says: "1 of 1 answer" })]);
	await service.end("SIGKILL");
	const { code, findings } = await found("instances");
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

describe("contracts of one service", () => {
	test("that break callers are told", async () => {
		await serve(Shop, shop);
		await serve(Broken, { list: async () => ({ name: 1 }) });
		const { code, findings } = await found("contracts");
		expect([code, findings]).toEqual([
			1,
			[
				{
					examination: "contracts",
					state: "wrong",
					says: "shop is served in the versions 1.0.0 and 2.0.0, and callers of the older break at the newer",
					remedy: "serve the newer under a name of its own, such as shop.v2, or stop one of them",
					details: ["the response of list may hold more: name is integer where string is known"],
				},
			],
		]);
	});

	test("that break nobody are well", async () => {
		await serve(Shop, shop);
		await serve(Wider, { ...shop, add: async () => ({}) });
		const { code, findings } = await found("contracts");
		expect([code, findings]).toEqual([
			0,
			[
				expect.objectContaining({
					state: "ok",
					says: "shop is served in the versions 1.0.0 and 1.1.0, which breaks no caller, of which only the newer has add",
				}),
			],
		]);
	});
});

describe("the contracts that clients expect", () => {
	const expecting = (type: string): string[] => {
		const source = `import { contract, method } from "@allium/core";
import * as z from "zod";
export const Shop = contract("shop", { list: method({ output: z.object({ name: z.${type}() }), effect: "read" }) });`;
		const file = join(new URL("../fixtures", import.meta.url).pathname, `expected-${process.pid}-${type}.ts`);
		writeFileSync(file, source);
		return ["--expect", file];
	};
	afterEach(() => {
		for (const type of ["string", "boolean"]) {
			rmSync(join(new URL("../fixtures", import.meta.url).pathname, `expected-${process.pid}-${type}.ts`), {
				force: true,
			});
		}
	});

	test("are served as expected, or not", async () => {
		await serve(Shop, shop);
		expect(await found("contracts", expecting("string"))).toMatchObject({
			code: 0,
			findings: [{ state: "ok", says: "shop is served as expected" }],
		});
		expect(await found("contracts", expecting("boolean"))).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: "shop is not served as expected: clients break at it",
					details: ["the response of list may hold more: name is string where boolean is known"],
				},
			],
		});
	});

	test("are told when nobody serves them, and when the file has none", async () => {
		expect(await found("contracts", expecting("string"))).toMatchObject({
			code: 1,
			findings: [{ says: "shop is expected, and no instance serves it", remedy: "start shop" }],
		});
		writeFileSync(join(folder, "empty.js"), "export const nothing = 1;");
		expect(await found("contracts", ["--expect", "empty.js"])).toMatchObject({
			code: 1,
			findings: [{ says: "empty.js exports no contract" }],
		});
	});
});

describe("certificates", () => {
	const authority = Authority.create();

	function issue(app: string, options: Partial<IssueOptions> = {}): string {
		const { certificate, key } = authority.issue({
			name: app,
			names: [`spiffe://default/${app}`],
			...options,
		});
		const place = join(folder, "tls", app);
		mkdirSync(place, { recursive: true });
		const files = { "ca.pem": authority.pair.certificate, "key.pem": key, "cert.pem": certificate };
		for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
		return place;
	}

	const withTls = () => ({ ALLIUM_TLS: join(folder, "tls") });

	test("that are valid for long are well, those of this environment and of instances", async () => {
		issue("allium");
		await serve(Shop, shop, { tls: tlsFolder(issue("shop")) });
		expect(await found("certificates", [], withTls())).toMatchObject({
			code: 0,
			findings: [
				{ says: expect.stringMatching(/^an authority of this environment is valid until /) },
				{ says: expect.stringMatching(/^the certificate of this environment is valid until /) },
				{ says: expect.stringMatching(/^the certificate of shop \([0-9a-f]{8}\) is valid until /) },
			],
		});
	});

	test("that soon expire are told, with what to do", async () => {
		const almostOver = {
			validFrom: new Date(Date.now() - 24 * hourMs),
			validTo: new Date(Date.now() + hourMs),
		};
		issue("allium", almostOver);
		await serve(Shop, shop, { tls: tlsFolder(issue("shop", almostOver)) });
		expect(await found("certificates", [], withTls())).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: expect.stringMatching(/^the certificate of this environment is valid until .*, for 0 hours$/),
				},
				{
					state: "wrong",
					says: expect.stringMatching(/^the certificate of shop .* for 0 hours$/),
					remedy: "issue a new one (allium tls issue <app> --force); processes take it up without a restart",
				},
			],
		});
	});

	test("that have expired are told", async () => {
		issue("allium", { validFrom: new Date(Date.now() - 2 * hourMs), validTo: new Date(Date.now() - hourMs) });
		expect(await found("certificates", [], withTls())).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: expect.stringMatching(/^the certificate of this environment has expired on /),
				},
			],
		});
	});

	test("of another authority, and of another app, are told", async () => {
		const place = issue("allium");
		writeFileSync(join(place, "ca.pem"), Authority.create().pair.certificate);
		await serve(Shop, shop, { tls: tlsFolder(issue("web")) });
		expect(await found("certificates", [], withTls())).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: "the certificate of this environment is not issued by an authority that this environment trusts",
				},
				{
					state: "wrong",
					says: expect.stringMatching(
						/^the certificate of shop .* names spiffe:\/\/default\/web instead of spiffe:\/\/default\/shop$/,
					),
					remedy: "issue one for it: allium tls issue shop",
				},
			],
		});
	});
});

test("an instance that lets in nobody without a certificate is told to those who have none", async () => {
	const authority = Authority.create();
	const { certificate: cert, key } = authority.issue({ name: "shop", names: ["127.0.0.1"] });
	const ca = join(folder, "ca.pem");
	writeFileSync(ca, authority.pair.certificate);
	await serve(Shop, shop, { tls: { cert, key, ca } });
	const remedy = expect.stringContaining("set ALLIUM_TLS to the folder with the certificates of the system");
	expect(await found("instances")).toMatchObject({
		code: 1,
		findings: [{ says: expect.stringMatching(/is not reached over TLS from here: .*self-signed/), remedy }],
	});
	expect(await found("instances", [], { ALLIUM_TLS_CA: ca })).toMatchObject({
		code: 1,
		findings: [{ says: expect.stringContaining("the client presents no certificate"), remedy }],
	});
});

test("an instance without TLS is told to those who have it", async () => {
	const authority = Authority.create();
	const { certificate, key } = authority.issue({ name: "allium", names: ["spiffe://default/allium"] });
	mkdirSync(join(folder, "tls"));
	const files = { "ca.pem": authority.pair.certificate, "key.pem": key, "cert.pem": certificate };
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "tls", name), text);
	await serve(Shop, shop);
	expect(await found("instances", [], { ALLIUM_TLS: join(folder, "tls") })).toMatchObject({
		code: 1,
		findings: [
			{
				says: expect.stringMatching(
					/^shop \([0-9a-f]{8}\) registered without TLS, and is not called from here$/,
				),
				remedy: expect.stringContaining("start that app with ALLIUM_TLS, too"),
			},
		],
	});
});
