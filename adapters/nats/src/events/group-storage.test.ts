import { Context } from "@allium/core";
import type { Share } from "@allium/core/adapter";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type NatsConnection, natsConnection } from "../nats-connection.ts";
import { parseNatsUrl } from "../nats-url.ts";
import { GroupStorage } from "./group-storage.ts";

const background = Context.background();

for (const version of ["nats-2.9", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let share: Share<NatsConnection>;
		let storage: GroupStorage;

		beforeEach(async () => {
			server = await startServer(natsServer({ file }));
			const { address } = parseNatsUrl(`nats://127.0.0.1:${server.port}`, {}, []);
			share = await natsConnection(address, {});
			storage = new GroupStorage(share.resource, { bucket: "test", replicas: 1, storage: "memory" });
			await storage.make(background);
		});
		afterEach(async () => {
			await share.release();
			await server.close();
		});

		test("a listing has every key, also those that are written again while it goes on, and each once", async () => {
			const keys = Array.from({ length: 10 }, (_, index) => `g.d.${index}`);
			for (const key of keys) await storage.write(key, "0", background);
			let isOver = false;
			const writing = (async () => {
				for (let count = 1; !isOver; count++) {
					await storage.write(keys[count % keys.length] ?? "", String(count), background);
				}
			})();
			const wrong: unknown[] = [];
			for (let round = 0; round < 50; round++) {
				const listed = (await storage.list("g.d.*", background)).map(({ key }) => key);
				if (JSON.stringify(listed.sort()) !== JSON.stringify(keys)) wrong.push(listed);
			}
			isOver = true;
			await writing;
			expect(wrong).toEqual([]);
		});
	});
}
