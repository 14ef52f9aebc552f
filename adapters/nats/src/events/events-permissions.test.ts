import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Context } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { broker } from "../index.ts";

const background = Context.background();
const guide = readFileSync(join(import.meta.dirname, "../../../../docs/guide/nats.md"), "utf8");
const [, config = ""] = /```conf file=events\.conf\n([\s\S]*?)```/.exec(guide) ?? [];
const group = { topic: "orders", group: "mails", from: "now", each: false, park: "key" } as const;
const bounds = { concurrency: 4, bytes: 1_000_000, handles: { "orders.placed": 1 } };

function event(id: string): EventRecord {
	const time = "2026-01-01T00:00:00.000Z";
	return {
		id,
		type: "orders.placed",
		version: 1,
		source: "shop",
		key: "a",
		time,
		data: {},
		correlationId: id,
	};
}

for (const version of ["nats-2.9", "nats-2.10", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		describe("the permissions of the guide", () => {
			let server: ServerProcess;
			let url: string;

			beforeAll(async () => {
				expect(config).toContain("permissions");
				server = await startServer({
					...natsServer({ file }),
					args: ({ ports: [port], folder }) => {
						const path = join(folder, "nats.conf");
						writeFileSync(path, config);
						return ["-a", "127.0.0.1", "-p", String(port), "-c", path];
					},
				});
				url = `nats://service:secret@127.0.0.1:${server.port}`;
			});
			afterAll(() => server.close());

			test("are enough to publish and handle, to defer, and to leave", async () => {
				const events = await broker(url, { ttlMs: 1_000 });
				try {
					const topic = await events.open("orders", {}, background);
					const seen: string[] = [];
					const consumer = await events.consume(
						{ ...group, ...bounds },
						async ({ event: { id }, attempt }) => {
							seen.push(`${id} ${attempt}`);
							const error = { code: "unknown", message: "not yet" };
							return attempt === 1 ? { do: "retry", afterMs: 10, blameless: false, error } : { do: "done" };
						},
						background,
					);
					await topic.publish([event("1")], background);
					await vi.waitFor(() => expect(seen).toEqual(["1 1", "1 2"]), { timeout: 60_000 });
					await consumer.drain(background);
				} finally {
					await events.close();
				}
			});

			test("do not reach into another topic, which is told with the subject", async () => {
				const events = await broker(url);
				await expect(events.open("payments", {}, background)).rejects.toThrow(
					/does not let this user publish to "\$JS\.API\.STREAM\.INFO\.allium\+default\+payments"; allow/,
				);
				await events.close();
			});
		});
	});
}
