import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const add = new URL("../../../examples/addsvc/main.ts", import.meta.url).pathname;
const command = new URL("../bin/allium.js", import.meta.url).pathname;

let folder: string;
let service: ServiceProcess;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-tls-command-"));
	const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
	const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
	const names = ["-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1"];
	execFileSync("openssl", ["req", "-x509", ...ec, ...names, "-keyout", key, "-out", cert], {
		stdio: "ignore",
	});
	env = {
		ALLIUM_REGISTRY: `sqlite://${folder}`,
		ALLIUM_TLS_CERT: cert,
		ALLIUM_TLS_KEY: key,
		ALLIUM_TLS_CA: cert,
	};
	service = await ServiceProcess.start(add, { env });
});

afterEach(async () => {
	await service[Symbol.asyncDispose]();
	await rm(folder, { recursive: true, force: true });
});

async function allium(...args: string[]): Promise<string> {
	await using running = ServiceProcess.run(command, { env, args });
	await running.ended();
	return running.output;
}

describe("the command, where services speak TLS alone and ask for certificates", () => {
	test("lists, describes and calls them", async () => {
		expect(service.url).toMatch(/^https:/);
		expect(await allium("services")).toContain(service.url);
		expect(await allium("describe", "add")).toContain("Arithmetic");
		expect(await allium("call", "add", "sum", '{"a":1,"b":2}', "--json")).toBe('{"v":3}\n');
		expect(await allium("call", "add", "sum", '{"a":1,"b":2}', "--json", "--url", service.url)).toBe(
			'{"v":3}\n',
		);
	});
});
