import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context, errorText, isServiceError } from "@allium/core";
import { Authority } from "@allium/node/certificates";
import { cartInstance } from "@allium/testing/registry-suite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServedEureka, serveEureka } from "./fixtures/eureka.ts";
import { registry } from "./index.ts";

const authority = Authority.create();
const folder = mkdtempSync(join(tmpdir(), "allium-eureka-"));
const ca = join(folder, "ca.pem");
let eureka: ServedEureka;

beforeAll(async () => {
	writeFileSync(ca, authority.pair.certificate);
	const { certificate: cert, key } = authority.issue({ name: "eureka", names: ["127.0.0.1"] });
	eureka = await serveEureka({ tls: { cert, key } });
});
afterAll(async () => {
	await eureka.close();
	rmSync(folder, { recursive: true });
});

/** The outcome of listing all instances, as text. */
async function listed(url: string): Promise<string> {
	try {
		const open = await registry(url);
		const { length } = await open.list();
		await open.close();
		return `${length} instances`;
	} catch (error) {
		return isServiceError(error) ? `${error.code}: ${error.message}` : errorText(error);
	}
}

test("a server with TLS is reached by the authority that is named", async () => {
	const open = await registry(`${eureka.url.replace(":", "+tls:")}?ca=${ca}`);
	const lease = await open.register(cartInstance("a"), Context.background());
	expect(await open.list()).toEqual([cartInstance("a")]);
	await lease.release();
	await open.close();
});

test("one whose authority is not known is not trusted", async () => {
	expect(await listed(eureka.url.replace(":", "+tls:"))).toMatch(
		/^failed_precondition: Eureka at .* cannot be used over TLS: /,
	);
});

test("a server without TLS is told from one that is gone", async () => {
	await using plain = await serveEureka();
	expect(await listed(plain.url.replace(":", "+tls:"))).toMatch(/leave out "\+tls"/);
});
