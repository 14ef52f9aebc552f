import { Context } from "@allium/core";
import type { GroupStore, LaneLease } from "@allium/core/event";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { natsConnection } from "../nats-connection.ts";
import { parseNatsUrl } from "../nats-url.ts";
import { NatsGroupState } from "./nats-group-state.ts";

const background = Context.background();
const keys = "$KV.test_groups.default";
const kinds = ["group", "member", "lane", "deferred", "delayed", "hour"];

for (const version of ["nats-2.9", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let state: NatsGroupState;

		beforeEach(async () => {
			server = await startServer(natsServer({ file }));
			const { address, location } = parseNatsUrl(`nats://127.0.0.1:${server.port}`, {}, []);
			const storage = { bucket: "test", namespace: "default", replicas: 1, storage: "memory" } as const;
			state = new NatsGroupState(location, await natsConnection(address, {}), storage);
		});
		afterEach(async () => {
			await state.close();
			await server.close();
		});

		/** Lets nobody listen for one kind of keys, as while a cluster has no leader; or for none. */
		async function withoutStorage(kind?: string): Promise<void> {
			const client = await connect({ servers: `127.0.0.1:${server.port}` });
			const { streams } = await jetstreamManager(client);
			const others = kinds.filter((other) => other !== kind).map((other) => `${keys}.${other}.>`);
			const subjects = kind === undefined ? ["$KV.test_groups.>"] : [...others, `${keys}.count`];
			await streams.update("KV_test_groups", { subjects });
			await client.close();
		}

		async function claimed(): Promise<[group: GroupStore, lease: LaneLease]> {
			const group = state.group({ topic: "matches", group: "rewards" });
			await group.create(new Map([[0, ""]]), background);
			await group.join({ id: "a", handles: { started: 1 } }, background);
			const { epoch = 0 } = (await group.report(background))?.lanes[0] ?? {};
			return [group, (await group.claim(0, "a", epoch, background)) ?? expect.unreachable()];
		}

		test.each([
			["deferred", { defer: [{ id: "e:1", cursor: "1", attempt: 1, due: 1, since: 1 }] }],
			["delayed", { delay: [{ cursor: "1", due: 1 }] }],
			["hour", { delay: [{ cursor: "1", due: 1 }] }],
		])("a save moves no cursor over an event whose entry (%s) nobody stores", async (kind, change) => {
			const [group, lease] = await claimed();
			await withoutStorage(kind);
			const saving = group.save(lease, { cursor: "1", ...change }, background);
			await expect(saving).rejects.toMatchObject({
				code: "unavailable",
				message: expect.stringContaining("KV_test_groups"),
			});
			await withoutStorage();
			expect((await group.claim(0, "a", lease.epoch, background))?.state.cursor).toBe("");
		});

		test("a replay that failed before the holder was told of it reaches the holder when it is called again", async () => {
			const [group, lease] = await claimed();
			const parked = { id: "e:1", cursor: "1", attempt: 1, due: "parked", since: 1 } as const;
			await group.save(lease, { cursor: "1", defer: [parked] }, background);
			await withoutStorage("lane");
			await expect(group.replay("all", background)).rejects.toMatchObject({ code: "unavailable" });
			await withoutStorage();
			await group.replay({ ids: ["e:1"] }, background);
			const edits = async () => (await group.report(background))?.lanes[0]?.edits;
			await vi.waitFor(async () => expect(await edits()).toBe(1));
			expect(await group.deferred(0, background)).toMatchObject([{ id: "e:1", due: 0 }]);
		});

		test("a replay that is ended in the middle tells the holder of what it has changed", async () => {
			const [group, lease] = await claimed();
			const parked = Array.from({ length: 1_200 }, (_, index) => {
				return { id: `e:${index}`, cursor: "1", attempt: 1, due: "parked", since: 1 } as const;
			});
			await group.save(lease, { cursor: "1", defer: parked }, background);
			const { ctx, cancel } = background.withCancel();
			const watching = await connect({ servers: `127.0.0.1:${server.port}` });
			let changes = 0;
			watching.subscribe(`${keys}.deferred.>`, { callback: () => void (++changes === 600 && cancel()) });
			await watching.flush();
			await expect(group.replay("all", ctx)).rejects.toMatchObject({ code: "canceled" });
			await watching.close();
			const edits = async () => (await group.report(background))?.lanes[0]?.edits ?? 0;
			await vi.waitFor(async () => expect(await edits()).toBeGreaterThan(0));
			const due = (await group.deferred(0, background)).filter(({ due }) => due === 0);
			expect(due.length).toBeGreaterThan(0);
			expect(due.length).toBeLessThan(parked.length);
		});
	});
}
