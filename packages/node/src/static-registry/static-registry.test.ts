import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context, type Instance, isServiceError, type Logger, type Registry } from "@allium/core";
import { readOnlyRegistrySuite } from "@allium/testing/registry-suite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { registry } from "./static-registry.ts";

let folder: string;
let path: string;
let log: string[];
const logger: Logger = {
	log: (level, message, fields) => log.push(`${level} ${message}: ${fields?.why ?? ""}`),
};

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-static-"));
	path = join(folder, "services.json");
	log = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Replaces the file in one step, as editors and deployments do. */
function write(content: unknown): void {
	writeFileSync(`${path}.new`, typeof content === "string" ? content : JSON.stringify(content));
	renameSync(`${path}.new`, path);
}

async function addresses(open: Registry): Promise<string[]> {
	return (await open.list()).flatMap((instance) => instance.addresses).sort();
}

/** The addresses that a watcher knows, as they change. */
function watched(open: Registry): { readonly up: Map<string, Instance>; readonly snapshots: () => number } {
	const up = new Map<string, Instance>();
	let snapshots = 0;
	void (async () => {
		for await (const event of open.watch({}, Context.background())) {
			if (event.type === "snapshot") snapshots++;
			for (const instance of event.type === "snapshot" ? event.instances : [event.instance]) {
				if (event.type === "down") up.delete(instance.id);
				else up.set(instance.id, instance);
			}
		}
	})();
	return { up, snapshots: () => snapshots };
}

readOnlyRegistrySuite("static, in the URL", async (listing) => {
	const entries = Object.entries(listing).map(([service, list]) => `${service}=${list.join(",")}`);
	return { open: async () => registry(`static:${entries.join(";")}`), close: async () => {} };
});

readOnlyRegistrySuite("static, in a file", async (listing) => {
	const suiteFolder = mkdtempSync(join(tmpdir(), "allium-static-"));
	const file = join(suiteFolder, "services.json");
	const change = async (content: object): Promise<void> => {
		writeFileSync(`${file}.new`, JSON.stringify(content));
		renameSync(`${file}.new`, file);
	};
	await change(listing);
	return {
		open: async () => registry(`static:${file}`),
		change,
		close: async () => rmSync(suiteFolder, { recursive: true }),
	};
});

describe("a URL", () => {
	test.each([["static:services.json"], ["static:./services.json"], ["static:file:services.json"]])(
		"may name a file, relative to the folder of the process: %s",
		async (url) => {
			write({ orders: "http://a:1" });
			const open = await registry(url, { cwd: folder });
			expect(await addresses(open)).toEqual(["http://a:1"]);
			expect(open.location).toBe(`static://${path}`);
		},
	);

	test.each([["static:"], ["static:file:"], ["static://"]])("may name it whole: %s", async (scheme) => {
		write({ orders: "http://a:1" });
		expect(await addresses(await registry(scheme + path))).toEqual(["http://a:1"]);
	});

	test("lists one instance for an address that several services share", async () => {
		const open = await registry("static: orders = http://a:1 , http://a:1 ; stock=http://a:1;", {
			namespace: "staging",
		});
		expect(await open.list()).toMatchObject([
			{
				app: "orders+stock",
				namespace: "staging",
				services: [{ name: "orders", version: "", hash: "" }, { name: "stock" }],
				startedAt: "",
			},
		]);
	});

	test.each([
		["static:", "lists no services: write static:orders=http://10.0.0.1:4000 or static:./services.json"],
		["static:orders=http://a:1;stock", '"stock" has no "="; write orders='],
		["static:=http://a:1", '"" is not the name of a service'],
		["static:orders=", 'the address "" of orders is not a URL with a host; write scheme://host:port'],
		["static:orders=10.0.0.1:4000", 'the address "10.0.0.1:4000" of orders is not a URL with a host'],
		["static:orders=allium://a", 'the address "allium://a" of orders has no port'],
		["static:orders=http://a:1?x", 'of orders holds "?" or "#"'],
		["static:orders=http://a:1;orders=http://b:1", "orders is listed twice"],
		[
			"static:/nowhere/services.json",
			"the file /nowhere/services.json: there is no such file; make it, or list",
		],
		["static:/tmp", "the file /tmp: it is a folder"],
	])("that is wrong is refused in one sentence: %s", async (url, sentence) => {
		const failure = await registry(url).catch((error: unknown) => error);
		expect(["invalid_argument", "failed_precondition"]).toContain(isServiceError(failure) && failure.code);
		expect(failure).toHaveProperty("message", expect.stringContaining(sentence));
	});

	test("with a password is refused without repeating it", async () => {
		const failure = await registry("static:orders=http://me:secret@a:1").catch((error: unknown) => error);
		expect(String(failure)).toContain("an address of orders holds credentials");
		expect(String(failure)).not.toContain("secret");
	});

	test.each([
		["static:orders=http://127.0.0.1:1,http://[::1]:1,http://localhost:1", false],
		["static:orders=http://127.0.0.1:1,http://10.0.0.1:1", true],
	])("says whether other hosts are meant: %s", async (url, spansHosts) => {
		expect((await registry(url)).spansHosts).toBe(spansHosts);
	});
});

describe("a file", () => {
	test.each([
		["{", "it is not JSON"],
		["[]", 'it is not a JSON object; write {"orders": '],
		['{"orders": 4000}', "the address 4000 of orders is not a URL with a host"],
		['{"a b": "http://a:1"}', '"a b" is not the name of a service'],
	])("that is malformed keeps a process from starting: %s", async (content, sentence) => {
		write(content);
		await expect(registry(`static:${path}`)).rejects.toThrow(sentence);
	});

	test("that becomes malformed keeps what it listed, and is logged once, until it is good again", async () => {
		write({ orders: "http://a:1" });
		const open = await registry(`static:${path}`, { logger });
		const { up } = watched(open);
		await expect.poll(() => up.size).toBe(1);
		write("{");
		await expect.poll(() => log).toHaveLength(1);
		expect(log[0]).toMatch(/^warn the static registry cannot use its file, and goes on .*: it is not JSON/);
		expect(await addresses(open)).toEqual(["http://a:1"]);
		expect(up.size).toBe(1);
		write({ orders: ["http://b:1"], stock: "http://c:1" });
		await expect.poll(() => up.size).toBe(2);
		expect(log.slice(1)).toEqual(["info the static registry has read its file: "]);
		await open.close();
	});

	test("that is deleted keeps what it listed, and is watched until it is back", async () => {
		write({ orders: "http://a:1" });
		const open = await registry(`static:${path}`, { logger });
		const { up, snapshots } = watched(open);
		await expect.poll(() => up.size).toBe(1);
		rmSync(path);
		await expect.poll(() => log).toEqual([expect.stringContaining("there is no such file")]);
		expect(up.size).toBe(1);
		write({ orders: ["http://a:1", "http://b:1"] });
		await expect.poll(() => up.size).toBe(2);
		expect(snapshots()).toBe(1);
		await open.close();
	});

	test("that is a link which Kubernetes turns is noticed", async () => {
		for (const version of ["1", "2"]) {
			mkdirSync(join(folder, `..${version}`));
			writeFileSync(join(folder, `..${version}`, "services.json"), `{"orders": "http://a:${version}"}`);
		}
		symlinkSync("..1", join(folder, "..data"));
		symlinkSync("..data/services.json", path);
		const open = await registry(`static:${path}`);
		const { up } = watched(open);
		await expect.poll(() => up.size).toBe(1);
		symlinkSync("..2", join(folder, "..tmp"));
		renameSync(join(folder, "..tmp"), join(folder, "..data"));
		await expect
			.poll(() => Array.from(up.values(), (instance) => instance.addresses[0]))
			.toEqual(["http://a:2"]);
		await open.close();
	});

	test("whose folder is created again is noticed", async () => {
		write({ orders: "http://a:1" });
		const open = await registry(`static:${path}`);
		const { up } = watched(open);
		await expect.poll(() => up.size).toBe(1);
		rmSync(folder, { recursive: true });
		mkdirSync(folder);
		write({ orders: ["http://a:1", "http://b:1"] });
		await expect.poll(() => up.size).toBe(2);
		await open.close();
	});

	test("is no longer watched once there is no watcher, or the registry is closed", async () => {
		write({ orders: "http://a:1" });
		const open = await registry(`static:${path}`);
		const { up } = watched(open);
		await expect.poll(() => up.size).toBe(1);
		await open.close();
		await expect.poll(() => process.getActiveResourcesInfo()).not.toContain("FSEventWrap");
	});
});

test("a registration is told once: whether others find the process as it is listed", async () => {
	const open = await registry("static:orders=http://10.0.0.1:4000,http://10.0.0.2:4001", { logger });
	const [instance] = await open.list();
	if (instance === undefined) throw new Error("it lists nothing");
	const listed = { ...instance, addresses: ["allium://0.0.0.0:4001"] };
	await open.register(listed, Context.background());
	await open.register(listed, Context.background());
	expect(log).toEqual([
		"info a static registry takes no registrations; others find this process as it is listed: ",
	]);
	const again = await registry("static:orders=http://10.0.0.1:4000", { logger });
	await again.register(listed, Context.background());
	expect(log[1]).toMatch(/^warn a static registry takes no registrations, and does not list this process/);
	expect(log).toHaveLength(2);
});
