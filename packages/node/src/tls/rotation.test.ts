import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contract, createClient, memoryRegistry, method } from "@allium/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { createApp } from "../app/app.ts";
import type { App } from "../app/app-type.ts";
import { Authority as Issuer } from "../certificates/authority.ts";
import { nodeDialers } from "../pipe/node-transports.ts";
import { Authority } from "./fixtures/certificates.ts";

const Clock = contract("clock", {
	tick: method({ input: z.object({ n: z.int() }), output: z.object({ n: z.int() }), effect: "write" }),
});

const rotations = 10;

let authority: Authority;
let app: App;

beforeEach(() => {
	authority = new Authority();
});

afterEach(async () => {
	await app.stop();
	authority.remove();
});

/** Replaces the certificate of an app as `allium tls issue --force` does: each file as a whole, the certificate last. */
function renew(issuer: Issuer, folder: string, app: string): void {
	const { certificate, key } = issuer.issue({ name: app, names: [`spiffe://default/${app}`] });
	for (const [name, text] of [
		["key.pem", key],
		["cert.pem", certificate],
	] as const) {
		writeFileSync(join(folder, `${name}.new`), text);
		renameSync(join(folder, `${name}.new`), join(folder, name));
	}
}

test("certificates are replaced on both sides under load, and no call fails", async () => {
	const issuer = Issuer.create();
	const folders = { clock: authority.issueApp("clock", []), shop: authority.issueApp("shop", []) };
	for (const [name, folder] of Object.entries(folders)) {
		writeFileSync(join(folder, "ca.pem"), issuer.pair.certificate);
		renew(issuer, folder, name);
	}
	const registry = memoryRegistry();
	const tlsOf = (folder: string) => ({
		ca: join(folder, "ca.pem"),
		cert: join(folder, "cert.pem"),
		key: join(folder, "key.pem"),
		serverCertificates: "app" as const,
		reloadMs: 0,
	});
	const logged: string[] = [];
	app = createApp({
		name: "clock",
		registry,
		env: {},
		tls: tlsOf(folders.clock),
		drainDelayMs: 0,
		logger: { log: (_, message) => logged.push(message) },
	});
	app.serve(Clock, { tick: async ({ n }) => ({ n }) });
	await app.start();

	const dialers = nodeDialers(undefined, { tls: tlsOf(folders.shop) });
	let isOver = false;
	let answered = 0;
	/** Calls on a new connection each time, without retries, so that each handshake counts. */
	const caller = async (): Promise<void> => {
		for (let n = 0; !isOver; n++) {
			await using client = createClient(Clock, { registry, transports: dialers, middleware: [] });
			expect(await client.tick({ n })).toEqual({ n });
			answered++;
		}
	};
	const callers = Array.from({ length: 4 }, caller);
	const failed = Promise.all(callers);
	try {
		for (let turn = 1; turn <= rotations; turn++) {
			renew(issuer, folders.clock, "clock");
			renew(issuer, folders.shop, "shop");
			const before = answered;
			await Promise.race([
				vi.waitFor(() => expect(answered).toBeGreaterThan(before + 4), { timeout: 20_000 }),
				failed,
			]);
		}
	} finally {
		isOver = true;
		await failed;
	}
	expect(answered).toBeGreaterThan(rotations * 4);
	expect(logged.filter((message) => message === "new TLS files are in use").length).toBeGreaterThanOrEqual(
		rotations - 1,
	);
	await registry.close();
});
