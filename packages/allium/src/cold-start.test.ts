import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = new URL("../fixtures/loaded.ts", import.meta.url).pathname;

let folder: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-cold-start-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The modules and the files that a service without events has loaded when it is ready. */
async function loadedByService(): Promise<string[]> {
	await using service = ServiceProcess.run(program, { env: { ALLIUM_REGISTRY: `sqlite://${folder}` } });
	expect(await service.ended()).toBe(0);
	return service.output.split("\n").map((line) => line.replace("NativeModule ", ""));
}

test("a service that is ready has not loaded what it may never need: TLS, HTTP/2, cryptography, a client of HTTP", async () => {
	const loaded = await loadedByService();
	expect(loaded).toEqual(expect.arrayContaining(["http", "sqlite"]));
	for (const module of ["tls", "http2", "https", "internal/crypto/util", "internal/deps/undici/undici"]) {
		expect(loaded).not.toContain(module);
	}
});

test("a service without events does not load what keeps and delivers them", async () => {
	const files = (await loadedByService()).filter((line) => line.startsWith("file:"));
	expect(files).toContainEqual(expect.stringMatching(/sqlite-registry\.ts$/));
	expect(
		files.filter((file) => /event\/engine|memory-(log|group|topic)|sqlite-(log|broker)/.test(file)),
	).toEqual([]);
});
