import { join } from "node:path";
import { Context } from "@allium/core";
import { RunningTime } from "@allium/testing";
import { ServiceProcess } from "@allium/testing/process";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { registry } from "./index.ts";

const program = join(import.meta.dirname, "fixtures/app.ts");
const ttlMs = 1_000;
const patient = { timeout: 60_000, interval: 10 };

describeServer("nats-2.9", (file) => {
	let server: ServerProcess;
	let url: string;
	let apps: ServiceProcess[];

	beforeEach(async () => {
		server = await startServer(natsServer({ file }));
		url = `nats://127.0.0.1:${server.port}?ttlMs=${ttlMs}`;
		apps = [];
	});
	afterEach(async () => {
		await Promise.all(apps.map((app) => app[Symbol.asyncDispose]()));
		await server.close();
	});

	async function start(name: string, other: string): Promise<ServiceProcess> {
		const env = {
			ALLIUM_REGISTRY: url,
			ALLIUM_LISTEN: "127.0.0.1:0",
			NODE_OPTIONS: "--conditions=@allium/source",
		};
		const app = await ServiceProcess.start(program, { args: [name, other], env });
		apps.push(app);
		return app;
	}

	async function status(app: ServiceProcess, method: string): Promise<number> {
		const [, host] = /^https?:\/\/([^/]+)/.exec(app.url) ?? [];
		const answer = await fetch(`http://${host}/${method}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: "{}",
		});
		return answer.status;
	}

	async function watched(): Promise<{ readonly up: Set<string>; close(): Promise<void> }> {
		const open = await registry(url);
		const up = new Set<string>();
		void (async () => {
			for await (const event of open.watch({ namespace: "default" }, Context.background())) {
				for (const { app } of event.type === "snapshot" ? event.instances : [event.instance]) {
					if (event.type === "down") up.delete(app);
					else up.add(app);
				}
			}
		})();
		return { up, close: () => open.close() };
	}

	describe("two apps whose registry is one NATS server", () => {
		test("find each other, say where they registered, and leave nothing open", async () => {
			const [left, right] = [await start("left", "right"), await start("right", "left")];
			expect(left.output).toContain(`nats://127.0.0.1:${server.port}`);
			await vi.waitFor(async () => expect(await status(left, "left/ask")).toBe(200), patient);
			await vi.waitFor(async () => expect(await status(right, "right/ask")).toBe(200), patient);
			for (const app of [left, right]) {
				app.signal("SIGTERM");
				expect(await app.ended()).toBe(0);
			}
		});

		test("one that is killed is gone within its time to live", async () => {
			const [left, right] = [await start("left", "right"), await start("right", "left")];
			const watching = await watched();
			await vi.waitFor(() => expect(watching.up).toEqual(new Set(["left", "right"])), patient);
			right.signal("SIGKILL");
			await right.ended();
			using time = new RunningTime();
			await vi.waitFor(() => expect(watching.up).toEqual(new Set(["left"])), { ...patient, interval: 5 });
			expect(time.milliseconds).toBeLessThan(ttlMs + 250);
			expect(await status(left, "left/greet")).toBe(200);
			await watching.close();
		});

		test("one that is suspended beyond its time to live is gone, and comes back", async () => {
			const [left, right] = [await start("left", "right"), await start("right", "left")];
			const watching = await watched();
			await vi.waitFor(() => expect(watching.up).toEqual(new Set(["left", "right"])), patient);
			right.signal("SIGSTOP");
			await vi.waitFor(() => expect(watching.up).toEqual(new Set(["left"])), patient);
			right.signal("SIGCONT");
			await vi.waitFor(() => expect(watching.up).toEqual(new Set(["left", "right"])), patient);
			await vi.waitFor(async () => expect(await status(left, "left/ask")).toBe(200), patient);
			await vi.waitFor(async () => expect(await status(right, "right/ask")).toBe(200), patient);
			await watching.close();
		});
	});
});
