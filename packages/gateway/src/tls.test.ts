import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Context, createClient } from "@allium/core";
import { createApp, getJson, https } from "@allium/node";
import { expect, test } from "vitest";
import { Lab, lab } from "./fixtures/lab.ts";
import { System } from "./fixtures/system.ts";

/** A certificate for this machine that is its own authority. */
function certificate(folder: string): { cert: string; key: string; ca: string } {
	const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
	const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
	const subject = ["-subj", "/CN=a test", "-addext", "subjectAltName=IP:127.0.0.1"];
	execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert], {
		stdio: "pipe",
	});
	return { cert, key, ca: cert };
}

test("with TLS on both sides, the gateway finds and calls services that ask for its certificate", async () => {
	await using system = await System.create();
	const tls = certificate(system.folder);
	const app = createApp({
		name: "lab",
		registry: system.registry,
		adapters: { sqlite: () => import("@allium/sqlite") },
		env: {},
		tls,
		drainDelayMs: 0,
		logger: { log() {} },
	});
	app.serve(Lab, lab(system.log));
	await app.start();
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
		await app.stop();
	}
});
