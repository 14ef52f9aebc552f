import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { conditions, type Result, Started, startAllium } from "../fixtures/processes.ts";

const main = new URL("../fixtures/main.ts", import.meta.url).pathname;

let folder: string;
const started: Started[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-tls-"));
});

afterEach(async () => {
	await Promise.all(started.splice(0).map((service) => service.end("SIGKILL")));
	rmSync(folder, { recursive: true });
});

function allium(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
	return startAllium(args, { ALLIUM_TLS: "", ...env }, folder).result;
}

const tls = (...args: string[]): Promise<Result> => allium(["tls", ...args]);
const at = (...path: string[]): string => join(folder, ...path);
const modeOf = (path: string): number => statSync(path).mode & 0o777;

function verified(app: string): string {
	const files = ["-CAfile", at("tls", app, "ca.pem"), at("tls", app, "cert.pem")];
	return execFileSync("openssl", ["verify", ...files], { encoding: "utf8" });
}

describe("allium tls init", () => {
	test("makes an authority, certificates for the gateway and the command, and says what to do next", async () => {
		const { code, stdout } = await tls("init");
		expect(code).toBe(0);
		expect(stdout).toMatch(
			/^Made an authority in tls, valid until \d{4}-\d\d-\d\d, with certificates for gateway and allium\.$/m,
		);
		expect(stdout).toContain("  allium tls issue shop stock\n");
		expect(stdout).toContain(`  export ALLIUM_TLS=${at("tls")}\n`);
		for (const app of ["gateway", "allium"]) expect(verified(app)).toContain("OK");
	});

	test("keeps keys for the user of the folder alone, and the folder out of git", async () => {
		await tls("init");
		expect(modeOf(at("tls"))).toBe(0o700);
		expect(modeOf(at("tls", "ca.key"))).toBe(0o600);
		expect(modeOf(at("tls", "gateway", "key.pem"))).toBe(0o600);
		expect(readFileSync(at("tls", ".gitignore"), "utf8")).toBe("*\n");
		expect(existsSync(at("tls", "gateway", "ca.key"))).toBe(false);
	});

	test("replaces nothing, unless it is told to", async () => {
		await tls("init");
		const before = readFileSync(at("tls", "ca.pem"), "utf8");
		const refused = await tls("init");
		expect([refused.code, refused.stderr]).toEqual([
			2,
			expect.stringContaining("tls/ca.pem is there already; --force replaces the authority"),
		]);
		expect(readFileSync(at("tls", "ca.pem"), "utf8")).toBe(before);
		expect((await tls("init", "--force")).code).toBe(0);
		expect(readFileSync(at("tls", "ca.pem"), "utf8")).not.toBe(before);
		expect(verified("gateway")).toContain("OK");
	});

	test("leaves alone what somebody else put into a folder", async () => {
		writeFileSync(at(".gitignore"), "node_modules\n");
		expect((await tls("init", ".")).code).toBe(0);
		expect(readFileSync(at(".gitignore"), "utf8")).toBe("node_modules\n");
	});

	test("takes a time, a folder and a namespace, and prints for programs", async () => {
		const { stdout } = await tls("init", "other", "--days", "3", "--namespace", "blue", "--json");
		const made = JSON.parse(stdout);
		expect(made).toMatchObject({ folder: at("other"), apps: ["gateway", "allium"] });
		expect(Date.parse(made.validTo) - Date.now()).toBeLessThanOrEqual(3 * 86_400_000);
		const text = execFileSync("openssl", [
			"x509",
			"-noout",
			"-text",
			"-in",
			at("other", "gateway", "cert.pem"),
		]);
		expect(text.toString()).toContain("URI:spiffe://blue/gateway");
	});
});

describe("allium tls issue", () => {
	beforeEach(async () => {
		await tls("init");
	});

	test("issues a certificate for each app, which names it and the hosts", async () => {
		const { code, stdout } = await tls(
			"issue",
			"shop",
			"stock",
			"--host",
			"shop.internal",
			"--host",
			"10.0.0.7",
		);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^Issued spiffe:\/\/default\/shop in tls\/shop, valid until \d{4}-/m);
		expect(stdout).toContain(`export ALLIUM_TLS=${at("tls")}\n`);
		for (const app of ["shop", "stock"]) {
			expect(verified(app)).toContain("OK");
			const text = execFileSync("openssl", ["x509", "-noout", "-text", "-in", at("tls", app, "cert.pem")]);
			expect(text.toString()).toContain(
				`URI:spiffe://default/${app}, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:shop.internal, IP Address:10.0.0.7`,
			);
		}
		expect(modeOf(at("tls", "shop", "key.pem"))).toBe(0o600);
	});

	test("replaces no certificate, unless it is told to", async () => {
		await tls("issue", "shop");
		const before = readFileSync(at("tls", "shop", "cert.pem"), "utf8");
		const refused = await tls("issue", "shop");
		expect([refused.code, refused.stderr]).toEqual([
			2,
			expect.stringContaining("tls/shop has a certificate already; --force replaces it"),
		]);
		const { stdout } = await tls("issue", "shop", "--force", "--json");
		expect(JSON.parse(stdout)).toMatchObject([{ app: "shop", identity: "spiffe://default/shop" }]);
		expect(readFileSync(at("tls", "shop", "cert.pem"), "utf8")).not.toBe(before);
	});

	test.each([
		[
			["shop", "--folder", "nowhere"],
			"nowhere has no authority (ca.pem and ca.key).\nMake one with: allium tls init nowhere",
		],
		[["../shop"], '"../shop" is no name of an app that a certificate can have'],
		[[".."], '".." is no name of an app'],
		[["shop", "--host", "https://shop"], "--host takes a host name or an address"],
		[["shop", "--days", "0"], "--days takes a whole number above 0"],
		[[], "allium tls issue needs a <apps>."],
	])("refuses %j in one sentence", async (args, sentence) => {
		const { code, stderr } = await tls("issue", ...args);
		expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
	});

	test("says what is wrong with an authority that cannot be used", async () => {
		writeFileSync(at("tls", "ca.key"), "nothing");
		const { code, stderr } = await tls("issue", "shop");
		expect([code, stderr]).toEqual([
			1,
			expect.stringContaining("allium tls init tls --force makes another one."),
		]);
	});

	test("makes mutual TLS one variable, for a service and for the command", async () => {
		await tls("issue", "fixture");
		const env = { ALLIUM_TLS: at("tls"), ALLIUM_REGISTRY: `sqlite://${folder}/registry` };
		const service = new Started([...conditions, main], env);
		started.push(service);
		await service.printed("is ready");
		const called = await allium(["call", "kinds", "echo", '{"text":"hi"}'], env);
		expect([called.code, called.stdout]).toEqual([0, '{"text":"hi","tenant":[]}\n']);
		const refused = await allium(["call", "kinds", "echo"], { ...env, ALLIUM_TLS: "" });
		expect(refused.code).not.toBe(0);
	});
});

describe("the group tls", () => {
	test.each([
		[["tls"], 2, "allium tls takes one of init, issue.\nallium tls init: "],
		[["tls", "isue"], 2, 'allium tls has no command "isue". Did you mean issue?'],
	])("%j is refused with what there is", async (args, code, text) => {
		const result = await allium(args);
		expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(text)]);
	});

	test.each([[["tls", "--help"]], [["help", "tls"]]])("%j lists its commands", async (args) => {
		const { code, stdout } = await allium(args);
		expect([code, stdout]).toEqual([0, expect.stringMatching(/tls init .*\n.*tls issue /)]);
	});

	test.each([[["tls", "issue", "--help"]], [["help", "tls", "issue"]]])("%j describes one", async (args) => {
		const { code, stdout } = await allium(args);
		expect([code, stdout]).toEqual([0, expect.stringContaining("allium tls issue <apps…> [options]")]);
	});
});
