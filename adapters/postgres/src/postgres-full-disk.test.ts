import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context, type ServiceError } from "@allium/core";
import type { EventRecord, TopicLog } from "@allium/core/event";
import { describeServer, postgresServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { postgresPorts } from "./postgres-ports.ts";

const background = Context.background();
const patient = { timeout: 120_000, interval: 100 };

/** Whether this user may mount file systems. The server runs as another user, so a mount of this user alone is not enough. */
const mayMount = process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;

function event(id: string): EventRecord {
	const time = new Date().toISOString();
	// Text that the server cannot compress.
	const data = randomBytes(6_000).toString("base64");
	return { id, type: "matches.started", version: 1, source: "test", key: id, time, data, correlationId: id };
}

describeServer("postgres", (file) => {
	let folder: string;
	/** The process to whose mounts the disks belong. They go with it. */
	let holder: ChildProcess;
	let server: ServerProcess;
	let closing: (() => Promise<unknown>)[];

	beforeEach(async () => {
		closing = [];
		folder = mkdtempSync(join(tmpdir(), "allium-full-disk-"));
		const disks = Object.entries({ data: "512m", space: "4m", wal: "48m" }).map(
			([name, size]) =>
				`mkdir ${name} && mount -t tmpfs -o size=${size} none ${name} && chown postgres ${name}`,
		);
		const script = `set -e; cd "${folder}"; chown postgres .; ${disks.join("; ")}; echo there; exec sleep 1000000`;
		holder = spawn("unshare", ["-m", "sh", "-c", script], { stdio: ["ignore", "pipe", "inherit"] });
		await once(holder.stdout ?? expect.unreachable(), "data");
		const plain = postgresServer({ file });
		server = await startServer({
			...plain,
			via: within(),
			args: (place) => plain.args({ ...place, folder: join(folder, "data") }),
		});
	});
	afterEach(async () => {
		for (const close of closing.reverse()) await close();
		await server.close();
		holder.kill("SIGKILL");
		await once(holder, "exit");
		rmSync(folder, { recursive: true });
	});

	/** The words before a command that run it where the disks are mounted. */
	function within(): string[] {
		return ["nsenter", "-t", String(holder.pid), "-m"];
	}

	/** Runs commands there. */
	function run(script: string): void {
		const [command = "", ...args] = [...within(), "sh", "-c", `set -e; cd "${folder}"; ${script}`];
		execFileSync(command, args);
	}

	async function open(): Promise<TopicLog> {
		const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`;
		const { log, state } = await postgresPorts(url, { scope: {} });
		closing.push(() => Promise.all([log.close(), state.close()]));
		return log.open("matches", { lanes: 4 }, background);
	}

	/** Publishes two events in a call until the server refuses. Returns the ids that were acknowledged, and the refusal. */
	async function fill(topic: TopicLog): Promise<{ acknowledged: string[]; refusal: ServiceError }> {
		const acknowledged: string[] = [];
		for (let count = 0; ; count++) {
			const ids = [`${count}-0`, `${count}-1`];
			try {
				await topic.append(ids.map(event), background);
				acknowledged.push(...ids);
			} catch (error) {
				return { acknowledged, refusal: error as ServiceError };
			}
		}
	}

	/** Nothing that was acknowledged is lost, and no call is there in part. */
	async function expectAll(topic: TopicLog, acknowledged: readonly string[]): Promise<void> {
		const read = new Set<string>();
		let after = await topic.at("start", background);
		for (;;) {
			const page = await topic.read(after, { events: 1_000, bytes: 16e6 }, background);
			for (const { event } of page.events) read.add(event.id);
			if (page.events.length === 0) break;
			after = page.next;
		}
		expect(acknowledged.filter((id) => !read.has(id))).toEqual([]);
		const torn = [...read].filter(
			(id) => !read.has(id.replace(/-\d$/, "-0")) || !read.has(id.replace(/-\d$/, "-1")),
		);
		expect(torn).toEqual([]);
	}

	describe.skipIf(!mayMount)("a full disk", () => {
		test("of the events is one clear refusal, nothing is lost or torn, and it goes on when there is room", async () => {
			const topic = await open();
			execFileSync("psql", [
				...["-h", "127.0.0.1", "-p", String(server.port), "-U", "postgres", "-q"],
				...["-c", `CREATE TABLESPACE small LOCATION '${join(folder, "space")}'`],
				...["-c", "ALTER TABLE allium.events SET TABLESPACE small"],
			]);
			const { acknowledged, refusal } = await fill(topic);
			expect(refusal).toMatchObject({
				code: "unavailable",
				message: expect.stringMatching(/has a full disk; make room \(could not extend file .*\)$/),
			});
			run("mount -o remount,size=64m space");
			await topic.append(["late-0", "late-1"].map(event), background);
			await expectAll(topic, [...acknowledged, "late-0", "late-1"]);
		});

		test("of the write-ahead log stops the server, loses nothing, and it goes on with room once it runs again", async () => {
			const topic = await open();
			await server.kill();
			run("cp -a data/data/pg_wal/. wal; rm -r data/data/pg_wal; ln -s ../../wal data/data/pg_wal");
			await server.restart();
			const { acknowledged, refusal } = await fill(topic);
			expect(acknowledged).not.toEqual([]);
			expect(refusal.code).toBe("unavailable");
			expect(server.output).toMatch(/PANIC: .*No space left on device/);
			run("mount -o remount,size=512m wal");
			await server.restart();
			await vi.waitFor(() => topic.append(["late-0", "late-1"].map(event), background), patient);
			await expectAll(topic, [...acknowledged, "late-0", "late-1"]);
		});
	});
});
