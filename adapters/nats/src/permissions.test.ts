import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Context, type Instance, isServiceError, type Registry } from "@allium/core";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { registry } from "./index.ts";

const background = Context.background();
const guide = readFileSync(join(import.meta.dirname, "../../../docs/guide/nats.md"), "utf8");
const [, config = ""] = /```conf file=nats\.conf\n([\s\S]*?)```/.exec(guide) ?? [];

function instance(id: string, namespace = "default"): Instance {
	return {
		id,
		app: "shop",
		namespace,
		addresses: [],
		services: [{ name: "add.v2", version: "1.0.0", hash: "h" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00Z",
	};
}

function start(file: string, text: string): Promise<ServerProcess> {
	return startServer({
		...natsServer({ file }),
		args: ({ ports: [port], folder }) => {
			const path = join(folder, "nats.conf");
			writeFileSync(path, text);
			return ["-a", "127.0.0.1", "-p", String(port), "-c", path];
		},
	});
}

async function failure(operation: Promise<unknown>): Promise<string> {
	const error = await operation.then(
		() => expect.unreachable("it was allowed"),
		(reason: unknown) => reason,
	);
	return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
}

for (const version of ["nats-2.9", "nats-2.10", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let opened: Registry[] = [];

		afterEach(async () => {
			await Promise.all(opened.map((open) => open.close()));
			opened = [];
		});

		async function open({ port }: ServerProcess): Promise<Registry> {
			const made = await registry(`nats://service:secret@127.0.0.1:${port}`, { ttlMs: 300 });
			opened.push(made);
			return made;
		}

		describe("the permissions of the guide", () => {
			let server: ServerProcess;

			beforeAll(async () => {
				expect(config).toContain("permissions");
				server = await start(file, config);
			});
			afterAll(() => server.close());

			test("are enough to register, list, watch, come back and leave", async () => {
				const [left, right] = [await open(server), await open(server)];
				const told: string[] = [];
				const filter = { namespace: "default", service: "add.v2" };
				void (async () => {
					for await (const event of right.watch(filter, background)) told.push(event.type);
				})();
				await vi.waitFor(() => expect(told).toEqual(["snapshot"]));
				const lease = await left.register(instance("a"), background);
				expect(await right.list(filter)).toEqual([instance("a")]);
				expect(await right.list({ namespace: "default" })).toEqual([instance("a")]);
				await vi.waitFor(() => expect(told).toEqual(["snapshot", "up", "down"]), { timeout: 10_000 });
				await lease.update(instance("a"));
				await vi.waitFor(() => expect(told).toEqual(["snapshot", "up", "down", "up"]), { timeout: 10_000 });
				await lease.release();
				await vi.waitFor(() => expect(told.at(-1)).toBe("down"));
				expect(await right.list(filter)).toEqual([]);
			});

			test("do not reach into another namespace, which is told with the subject", async () => {
				const opening = await open(server);
				expect(await failure(opening.register(instance("a", "other"), background))).toMatch(
					/^permission_denied: the NATS server at \S+ does not let this user publish to "\$KV\.allium\.other\.add=2Ev2\.a"; allow/,
				);
				expect(await failure(opening.list({ namespace: "other" }))).toContain("permission_denied");
				const events = opening.watch({ namespace: "other" }, background)[Symbol.asyncIterator]();
				expect(await failure(events.next())).toContain("permission_denied");
			});
		});

		test.each([
			["publish to", "$KV.allium.default.>"],
			["publish to", "allium.beat.default.>"],
			["publish to", "$JS.API.STREAM.INFO.KV_allium"],
			["publish to", "$JS.API.STREAM.CREATE.allium_beats"],
		])("without the permission to %s %s, the error names what is missing", async (verb, subject) => {
			await using server = await start(file, config.replace(`"${subject}"`, ""));
			const opening = await open(server);
			const sentence = await failure(opening.register(instance("a"), background));
			expect(sentence).toContain(`permission_denied: the NATS server at`);
			expect(sentence).toContain(`does not let this user ${verb} "${subject.replace(/>$/, "")}`);
		});

		test("without the permission to read replies, the error names the subject of replies", async () => {
			await using server = await start(file, config.replace('"_INBOX.>"', ""));
			const sentence = await failure((await open(server)).register(instance("a"), background));
			expect(sentence).toContain('does not let this user subscribe to "_INBOX.');
		});
	});
}
