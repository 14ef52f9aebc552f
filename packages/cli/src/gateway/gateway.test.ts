import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allium, type Started, startAllium, startService } from "../fixtures/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "allium-cli-gateway-"));
const env = { ALLIUM_REGISTRY: `sqlite://${folder}`, PORT: "0" };
let service: Started;

beforeAll(async () => {
	({ service } = await startService(env));
});

afterAll(async () => {
	await service.end();
	rmSync(folder, { recursive: true });
});

async function started(...args: string[]): Promise<{ gateway: Started; url: string }> {
	const gateway = startAllium(["gateway", ...args], env);
	await gateway.printed("gateway is ready");
	const [, url = ""] = /gateway is ready url=(\S+)/.exec(gateway.stdout) ?? [];
	return { gateway, url };
}

test("the gateway serves the registered services until it is stopped", async () => {
	const { gateway, url } = await started();
	const list = await (await fetch(url, { headers: { accept: "application/json" } })).json();
	expect(list).toMatchObject({ services: [{ name: "kinds" }] });
	expect((await gateway.end("SIGINT")).code).toBe(0);
	await expect(fetch(url)).rejects.toThrow();
});

test("what it serves, to whom, and what it passes on, are options", async () => {
	const { gateway, url } = await started(
		...["--listen", "127.0.0.1:0", "--expose", "nobody,others/one", "--cors", "https://app.example"],
		...["--proxy", "/app=http://127.0.0.1:1"],
	);
	const page = await fetch(url, { headers: { accept: "application/json", origin: "https://app.example" } });
	expect(page.headers.get("access-control-allow-origin")).toBe("https://app.example");
	expect(await page.json()).toMatchObject({ services: [], proxies: [{ path: "/app" }] });
	expect((await fetch(`${url}/app`)).status).toBe(502);
	await gateway.end();
});

test.each([
	[
		["--listen", "0.0.0.0:0"],
		1,
		/^The gateway cannot start: other machines can reach the gateway on 0\.0\.0\.0; say what/,
	],
	[
		["--listen", "here:there"],
		2,
		/^--listen is "here:there", but takes host:port, such as 127\.0\.0\.1:4000 or \[::1\]:4000\.\n$/,
	],
	[["--proxy", "app"], 2, /^--proxy takes \/path=url, such as \/app=http:\/\/127\.0\.0\.1:3000, not "app"\./],
	[["--cors", "app"], 1, /^The gateway cannot start: cors takes origins such as/],
])("%j is refused in one sentence", async (args, code, sentence) => {
	const result = await allium(["gateway", ...args], env);
	expect(result.stderr).toMatch(sentence);
	expect(result.code).toBe(code);
});
