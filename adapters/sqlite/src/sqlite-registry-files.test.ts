import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
	Context,
	contract,
	createClient,
	Endpoints,
	type Instance,
	method,
	type Registry,
	roundRobin,
	silentLogger,
} from "@allium/core";
import { memoryTransport } from "@allium/core/frames";
import { keepRegistered, type Registration } from "@allium/core/registry";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { registry, type SqliteRegistryOptions } from "./index.ts";

const background = Context.background();
const Ping = contract("ping", { ping: method({ effect: "read" }) });

function instance(id: string): Instance {
	return {
		id,
		app: "add",
		namespace: "test",
		addresses: [],
		services: [],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
	};
}

describe("the files of a sqlite registry", () => {
	let root: string;
	let folder: string;
	let file: string;
	let opened: Registry[];
	let registrations: Registration[];

	beforeEach(async () => {
		root = await mkdtemp(join(tmpdir(), "allium-files-"));
		folder = join(root, "data");
		file = join(folder, "registry.db");
		opened = [];
		registrations = [];
	});
	afterEach(async () => {
		await Promise.all(registrations.map((registration) => registration.release()));
		await Promise.all(opened.map((open) => open.close()));
		await rm(root, { recursive: true });
	});

	function open(path: string = folder, options?: SqliteRegistryOptions): Registry {
		const made = registry(`sqlite:${path}`, options);
		opened.push(made);
		return made;
	}

	async function keep(id: string, ttlMs: number, facts: Partial<Instance> = {}): Promise<void> {
		const registering = open(folder, { ttlMs });
		const kept = await keepRegistered(registering, { ...instance(id), ...facts }, { logger: silentLogger });
		registrations.push(kept);
	}

	async function failure(registering: Registry = open()): Promise<{ code: string; message: string }> {
		return registering.register(instance("a"), background).then(
			() => expect.unreachable("it was registered"),
			(error) => error,
		);
	}

	test("are in the folder that it names as its location", () => {
		expect(open().location).toBe(`sqlite://${folder}`);
	});

	test("are made by the first registration, for this user alone and hidden from git", async () => {
		await open().register(instance("a"), background);
		expect((await stat(folder)).mode & 0o777).toBe(0o700);
		expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("*\n");
		expect(existsSync(file)).toBe(true);
	});

	test("are not made by looking", async () => {
		const looking = open();
		expect(await looking.list()).toEqual([]);
		const events = looking.watch({}, background)[Symbol.asyncIterator]();
		expect((await events.next()).value).toEqual({ type: "snapshot", instances: [] });
		expect(existsSync(folder)).toBe(false);

		await open().register(instance("a"), background);
		expect((await events.next()).value).toEqual({ type: "up", instance: instance("a") });
	});

	test("leave a folder that was there as it is", async () => {
		await mkdir(folder);
		await open().register(instance("a"), background);
		expect(existsSync(join(folder, ".gitignore"))).toBe(false);
	});

	test("are made together with the folders above, except where that is impossible", async () => {
		await open(join(folder, "deep", "er")).register(instance("a"), background);
		expect(existsSync(join(folder, "deep", "er", "registry.db"))).toBe(true);
		const impossible = await failure(open("/proc/allium/data"));
		expect(impossible).toMatchObject({ code: "failed_precondition" });
		expect(impossible.message).toContain("name a folder that can be written");
	});

	test("cannot be where a file is in the way", async () => {
		await writeFile(folder, "not a folder");
		const refused = await failure();
		expect(refused).toMatchObject({ code: "failed_precondition" });
		expect(refused.message).toContain(`"${folder}" cannot be a folder, because there is a file of that name`);
		expect(await failure(open(join(folder, "below")))).toMatchObject({ code: "failed_precondition" });
	});

	test("a file that is no database is named and left alone, for registering, listing and watching", async () => {
		await mkdir(folder);
		await writeFile(file, "my diary\n".repeat(200));
		const refused = await failure();
		expect(refused).toMatchObject({ code: "failed_precondition" });
		expect(refused.message).toBe(
			`cannot use the file "${file}": it is not a database; move it away or name another folder`,
		);
		await expect(open().list()).rejects.toThrow("it is not a database");
		const events = open().watch({}, background)[Symbol.asyncIterator]();
		await expect(events.next()).rejects.toThrow("it is not a database");
		expect(await events.next()).toEqual({ done: true, value: undefined });
		expect(await readFile(file, "utf8")).toContain("my diary");
	});

	test("a database of something else is refused", async () => {
		await mkdir(folder);
		const other = new DatabaseSync(file);
		other.exec("CREATE TABLE diary (entry TEXT)");
		other.close();
		expect((await failure()).message).toContain("is the database of another program");
	});

	test("a database of a newer version is refused, and says what to do", async () => {
		await open().register(instance("a"), background);
		const newer = new DatabaseSync(file);
		newer.exec("PRAGMA user_version = 99");
		newer.close();
		const refused = await failure();
		expect(refused).toMatchObject({ code: "failed_precondition" });
		expect(refused.message).toContain("a newer version of @allium/sqlite: install that here too");
	});

	test("a folder in the place of the file is refused", async () => {
		await mkdir(file, { recursive: true });
		expect(await failure()).toMatchObject({ code: "failed_precondition" });
	});

	test("a row that is no instance is left out", async () => {
		const healthy = open();
		await healthy.register(instance("a"), background);
		const database = new DatabaseSync(file);
		database.exec("INSERT INTO instances VALUES ('test', 'odd', '{\"id\":1}', 1000, 9e15)");
		database.close();
		expect(await healthy.list()).toEqual([instance("a")]);
	});

	test("a file that is held for too long ends in unavailable, without blocking the process", async () => {
		await open().register(instance("a"), background);
		const holder = new DatabaseSync(file);
		holder.exec("BEGIN IMMEDIATE");
		let ticks = 0;
		const ticking = setInterval(() => {
			ticks += 1;
		}, 5);
		const refused = await failure(open(folder, { busyLimitMs: 300 }));
		clearInterval(ticking);
		holder.close();
		expect(refused).toMatchObject({ code: "unavailable" });
		expect(refused.message).toContain(`other processes held "${file}" for 300 ms`);
		expect(ticks).toBeGreaterThan(10);
	});

	test("a file that is held for a while delays the registration", async () => {
		await open().register(instance("a"), background);
		const holder = new DatabaseSync(file);
		holder.exec("BEGIN IMMEDIATE");
		setTimeout(() => holder.close(), 100);
		const waiting = open();
		await waiting.register(instance("b"), background);
		expect(await waiting.list()).toHaveLength(2);
	});

	test("an operation that waits for a held file ends with its context, and with close", async () => {
		await open().register(instance("a"), background);
		const holder = new DatabaseSync(file);
		holder.exec("BEGIN IMMEDIATE");
		const waiting = open();
		const late = waiting.register(instance("b"), background.withTimeout(50));
		await expect(late).rejects.toMatchObject({ code: "deadline_exceeded" });
		const closed = failure(waiting);
		await waiting.close();
		expect(await closed).toMatchObject({ code: "failed_precondition", message: "the registry is closed" });
		holder.close();
	});

	for (const [what, remove] of [
		["the folder", () => rm(folder, { recursive: true })],
		["the database file alone", () => unlink(file)],
	] as const) {
		test(`when ${what} is deleted, all find each other again and no watcher saw anybody go`, async () => {
			await keep("a", 1_000);
			await keep("b", 1_000);
			const watching = open(folder, { ttlMs: 1_000 });
			const told: string[] = [];
			const consuming = (async () => {
				for await (const event of watching.watch({}, background)) told.push(event.type);
			})();
			await vi.waitFor(() => expect(told).toEqual(["snapshot"]));
			await remove();
			const newcomer = open(folder, { ttlMs: 60_000 });
			await newcomer.register(instance("c"), background);
			await vi.waitFor(async () => expect(await newcomer.list()).toHaveLength(3), { timeout: 3_000 });
			await vi.waitFor(() => expect(told).toEqual(["snapshot", "up"]));
			// Longer than the grace that the watcher gave.
			await keep("d", 1_000);
			const soon = Date.now() + 1_000;
			await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(soon), { timeout: 3_000 });
			expect(told).toEqual(["snapshot", "up", "up"]);
			await watching.close();
			await consuming;
		});
	}

	test("a watch of another process tells a release from a lease that ran out", async () => {
		const registering = open(folder, { ttlMs: 300 });
		const lease = await registering.register(instance("released"), background);
		await registering.register(instance("silent"), background);
		const events = open(folder, { ttlMs: 300 }).watch({}, background)[Symbol.asyncIterator]();
		await events.next();
		await lease.release();
		expect((await events.next()).value).toMatchObject({
			type: "down",
			instance: { id: "released" },
			released: true,
		});
		const silent = (await events.next()).value;
		expect(silent).toEqual({ type: "down", instance: instance("silent") });
	});

	test.each([2, 4])(
		"a file that nobody can write takes none of %i instances from a client",
		async (count) => {
			const transport = memoryTransport();
			const answered = new Set<string>();
			const ids = Array.from({ length: count }, (_, n) => `i${n}`);
			for (const id of ids) {
				const endpoints = new Endpoints();
				endpoints.serve(Ping, {
					async ping() {
						answered.add(id);
						return {};
					},
				});
				const { addresses } = await transport.listen(endpoints);
				const services = [{ name: "ping", version: "1.0.0", hash: "h" }];
				await keep(id, 400, { addresses, services });
			}
			const watching = open(folder, { ttlMs: 400 });
			const balancer = roundRobin();
			await using client = createClient(Ping, { registry: watching, transports: [transport], balancer });
			await client.ping({});
			const holder = new DatabaseSync(file);
			holder.exec("BEGIN IMMEDIATE");
			// The leases run out one after the other.
			await vi.waitFor(async () => expect(await watching.list()).toEqual([]), { timeout: 5_000 });
			const callAll = async (): Promise<void> => {
				answered.clear();
				for (let calls = 0; calls < 4 * count; calls++) await client.ping({});
				expect([...answered].sort()).toEqual(ids);
			};
			for (let rounds = 0; rounds < 20; rounds++) await callAll();
			holder.close();
			await vi.waitFor(async () => expect(await watching.list()).toHaveLength(count), { timeout: 5_000 });
			await callAll();
		},
	);

	test("a folder that was deleted is not made again by a release", async () => {
		const registering = open();
		const lease = await registering.register(instance("a"), background);
		await rm(folder, { recursive: true });
		await lease.release();
		expect(existsSync(folder)).toBe(false);
	});

	test("leases from before the machine restarted do not count", async () => {
		const registering = open(folder, { ttlMs: 1_000 });
		await registering.register(instance("a"), background);
		const database = new DatabaseSync(file);
		database.exec("UPDATE instances SET expires_at = expires_at + 3600000");
		expect(await registering.list()).toEqual([]);
		await open(folder, { ttlMs: 1_000 }).register(instance("b"), background);
		expect(database.prepare("SELECT id FROM instances").all()).toEqual([{ id: "b" }]);
		database.close();
	});

	test("a file of an older version is replaced", async () => {
		await open().register(instance("a"), background);
		const older = new DatabaseSync(file);
		older.exec("PRAGMA user_version = 1");
		older.close();
		const newer = open();
		await newer.register(instance("b"), background);
		expect(await newer.list()).toEqual([instance("b")]);
	});

	test("renewals do not count as a change; changes do", async () => {
		const lease = await open().register(instance("a"), background);
		const database = new DatabaseSync(file);
		const revision = database.prepare("SELECT value FROM revision");
		const before = Number(revision.get()?.value);
		for (let count = 0; count < 5; count += 1) await lease.update(instance("a"));
		expect(revision.get()).toEqual({ value: before });
		await lease.update({ ...instance("a"), weight: 2 });
		expect(revision.get()).toEqual({ value: before + 1 });
		database.close();
	});

	test("leases that ran out long ago are removed by the next registration", async () => {
		await open(folder, { ttlMs: 1 }).register(instance("old"), background);
		await vi.waitFor(async () => expect(await open().list()).toEqual([]));
		await vi.waitFor(async () => {
			await open().register(instance("new"), background);
			const database = new DatabaseSync(file);
			const rows = database.prepare("SELECT id FROM instances").all();
			database.close();
			expect(rows).toEqual([{ id: "new" }]);
		});
	});
});
