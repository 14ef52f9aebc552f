import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createApp } from "@allium/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { killWithoutAWord } from "../fixtures/kill-without-a-word.ts";
import { allium, conditions, Started } from "../fixtures/processes.ts";
import { Shop } from "./fixtures/shop.ts";

const main = fileURLToPath(new URL("./fixtures/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "allium-health-"));
const env = { ALLIUM_REGISTRY: `sqlite://${folder}/registry` };
const stockOf = (id: string): string => join(folder, id);
const health = (...args: string[]) => allium(["health", ...args], env);
const started: Started[] = [];

async function start(id: string): Promise<string> {
	writeFileSync(stockOf(id), "5");
	const service = new Started([...conditions, main, id, stockOf(id)], env);
	started.push(service);
	await service.printed("is ready");
	return /http:\/\/[\d.:]+/.exec(service.stdout)?.[0] ?? "";
}

async function becomes(url: string, status: number): Promise<void> {
	await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(status), 5_000);
}

let urls: { readonly a: string; readonly b: string; readonly c: string };

beforeAll(async () => {
	urls = { a: await start("a"), b: await start("b"), c: await start("c") };
});
afterAll(async () => {
	await Promise.all(started.map((service) => service.end("SIGKILL")));
	rmSync(folder, { recursive: true });
});

describe("health", () => {
	test("shows which instances are ready, and what their checks found", async () => {
		const { code, stdout } = await health();
		const [title, first, stock, weather, ...others] = stdout.trimEnd().split("\n");
		expect(title?.split(/ +/)).toEqual(["SERVICES", "HEALTH", "ADDRESS", "APP", "ID"]);
		expect(first).toMatch(new RegExp(`^shop +ready +${urls.a} +a +[0-9a-f]{8}$`));
		expect(stock).toMatch(/^ {2}stock +ok +\d+ ms +0s ago +apples=5$/);
		expect(weather).toMatch(/^ {2}weather +ok \(not critical\) +\d+ ms +\ds ago$/);
		expect([code, others.length]).toEqual([0, 6]);
	});

	test("says of an unknown service which name may be meant, and that there is none elsewhere", async () => {
		expect(await health("shot")).toMatchObject({
			code: 3,
			stderr: expect.stringContaining("Did you mean shop?"),
		});
		const { code, stdout } = await health("--namespace", "another");
		expect([code, stdout]).toEqual([0, expect.stringMatching(/^No service is up in sqlite:/)]);
	});

	test("of an instance whose check fails says why, while clients call the others", async () => {
		const caller = createApp({ name: "caller", env, logger: { log() {} } });
		const shop = caller.client(Shop);
		const answering = async () => {
			const answers = await Promise.all(Array.from({ length: 50 }, () => shop.who({})));
			return [...new Set(answers.map(({ id }) => id))].sort();
		};
		try {
			expect(await answering()).toEqual(["a", "b", "c"]);

			rmSync(stockOf("a"));
			await becomes(urls.a, 503);
			await vi.waitFor(async () => expect(await answering()).toEqual(["b", "c"]), 5_000);
			const { code, stdout } = await health("shop");
			expect(code).toBe(1);
			expect(stdout).toMatch(new RegExp(`^shop +not ready +${urls.a} `, "m"));
			expect(stdout).toMatch(/^ {2}stock +failing +\d+ ms +\ds ago +ENOENT: no such file/m);
			const listed = JSON.parse((await health("shop", "--json")).stdout);
			expect(listed).toMatchObject([
				{
					app: "a",
					status: "unhealthy",
					ready: false,
					healthy: false,
					checks: [{ ok: false }, { ok: true }],
				},
				{ app: "b", status: "up", ready: true, healthy: true, checks: [{ facts: { apples: "5" } }, {}] },
				{ app: "c", status: "up" },
			]);

			writeFileSync(stockOf("a"), "6");
			await becomes(urls.a, 200);
			await vi.waitFor(async () => expect(await answering()).toEqual(["a", "b", "c"]), 5_000);
			expect((await health()).code).toBe(0);
		} finally {
			await caller.stop();
		}
	});

	test("of an instance that died without a word says that it does not answer", async () => {
		await killWithoutAWord(started[1] ?? expect.unreachable(), env.ALLIUM_REGISTRY, ({ app }) => app === "b");
		const { code, stdout } = await health("shop");
		expect([code, stdout]).toEqual([1, expect.stringMatching(/^shop +not ready .* cannot reach /m)]);
	});
});
