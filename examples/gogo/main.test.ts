import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterAll, beforeAll, expect, test } from "vitest";

const main = new URL("main.ts", import.meta.url).pathname;

let folder: string;
const env = (matches: string) => ({ ALLIUM_URL: `sqlite://${folder}`, PORT: "", GOGO_MATCHES: matches });

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-gogo-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a kind of repository that there is not is refused in one sentence", async () => {
	await using gogo = ServiceProcess.run(main, { env: env("sql") });
	expect(await gogo.ended()).toBe(1);
	expect(gogo.output).toBe('GOGO_MATCHES is "sql"; it takes events or memory\n');
});

test.each(["events", "memory"])(
	"with %s, a request that is sent again starts the same match",
	async (matches) => {
		await using gogo = await ServiceProcess.start(main, { env: env(matches) });
		const headers = { "content-type": "application/json", "idempotency-key": crypto.randomUUID() };
		const players = [
			{ color: "black", name: "ann" },
			{ color: "white", name: "bob" },
		];
		const create = async () => {
			const body = JSON.stringify({ gridsize: 9, players });
			const response = await fetch(`${gogo.url}/matches`, { method: "POST", headers, body });
			return [response.status, await response.json()];
		};
		const created = await create();
		expect(created[0]).toBe(201);
		expect(await create()).toEqual(created);
	},
);
