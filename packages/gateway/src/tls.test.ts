import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Context, createClient } from "@allium/core";
import { createApp, getJson, https } from "@allium/node";
import { Authority } from "@allium/node/certificates";
import { expect, test } from "vitest";
import { Lab, lab } from "./fixtures/lab.ts";
import { System } from "./fixtures/system.ts";

const adapters = { sqlite: () => import("@allium/sqlite") };

test("with TLS on both sides, the gateway finds and calls services that ask for its certificate", async () => {
	await using system = await System.create();
	const authority = Authority.create();
	const { certificate: cert, key } = authority.issue({ name: "a test", names: ["127.0.0.1"] });
	const tls = { cert, key, ca: authority.pair.certificate };
	await system.serve(undefined, undefined, { tls });
	const made = system.gateway({ tls });
	await made.start();
	try {
		const url = made.addresses.find((address) => address.startsWith("https:")) ?? "";
		await using client = createClient(Lab, { url, transports: [https({ tls })] });
		expect(await client.echo({ text: "hi" })).toEqual({ text: "hi" });
		const { body } = await getJson(`${url}/-/describe`, Context.background().withTimeout(5_000), tls);
		expect(body).toMatchObject({ services: [{ name: "lab" }] });
	} finally {
		await made.stop();
	}
});

/** A folder in which each app has the certificate of its name, as `allium tls issue` makes it. */
function folderOf(authority: Authority, folder: string, apps: readonly string[]): string {
	for (const app of apps) {
		const names = [`spiffe://default/${app}`, "127.0.0.1"];
		const { certificate, key } = authority.issue({ name: app, names });
		const files = { "ca.pem": authority.pair.certificate, "key.pem": key, "cert.pem": certificate };
		mkdirSync(join(folder, app), { recursive: true });
		for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, app, name), text);
	}
	return folder;
}

const authority = Authority.create();
const world = Authority.create({ name: "an authority that browsers know" });
const known = world.issue({ name: "shop.example", names: ["127.0.0.1"] });

test.each([
	["its own certificate", { ca: authority.pair.certificate }, {}],
	[
		"one that browsers know",
		{ ca: world.pair.certificate },
		{ tls: { cert: known.certificate, key: known.key } },
	],
])(
	"in a system with ALLIUM_TLS, the gateway proves its name to services, and shows browsers, which need none, %s",
	async (_, browser, options) => {
		await using system = await System.create();
		const env = { ALLIUM_TLS: folderOf(authority, join(system.folder, "tls"), ["lab", "gateway"]) };
		const callers: (string | undefined)[] = [];
		const app = createApp({
			name: "lab",
			registry: system.registry,
			adapters,
			env,
			drainDelayMs: 0,
			middleware: [
				(next) => (input, ctx) => {
					callers.push(ctx.peer?.app);
					return next(input, ctx);
				},
			],
			logger: { log() {} },
		});
		app.serve(Lab, lab(system.log));
		await app.start();
		const made = system.gateway({ env, ...options });
		await made.start();
		try {
			const url = made.addresses.find((address) => address.startsWith("https:")) ?? "";
			await using client = createClient(Lab, { url, transports: [https({ tls: browser })] });
			expect(await client.echo({ text: "hi" })).toEqual({ text: "hi" });
			expect(callers).toContain("gateway");
			const direct = app.addresses.find((address) => address.startsWith("https:")) ?? "";
			const inside = { ca: authority.pair.certificate };
			await using past = createClient(Lab, { url: direct, transports: [https({ tls: inside })] });
			await expect(past.echo({ text: "hi" })).rejects.toThrow("the client presents no certificate");
		} finally {
			await made.stop();
			await app.stop();
		}
	},
);
