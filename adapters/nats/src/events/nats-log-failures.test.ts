import { Context, isServiceError } from "@allium/core";
import type { Broker, EventRecord, Log, TopicLog } from "@allium/core/event";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { broker, type NatsBrokerOptions } from "../index.ts";

const background = Context.background();
const kills = 3;

function event(id: string): EventRecord {
	const time = "2026-01-01T00:00:00.000Z";
	return {
		id,
		type: "orders.placed",
		version: 1,
		source: "shop",
		key: id,
		time,
		data: {},
		correlationId: id,
	};
}

async function idsOf(topic: TopicLog): Promise<string[]> {
	const ids: string[] = [];
	let after = await topic.at("start", background);
	for (;;) {
		const { events, next } = await topic.read(after, { events: 1_000, bytes: 1e7 }, background);
		if (events.length === 0) return ids;
		ids.push(...events.map(({ event: { id } }) => id));
		after = next;
	}
}

async function failure(operation: Promise<unknown>): Promise<string> {
	const error = await operation.then(
		() => expect.unreachable("it succeeded"),
		(reason: unknown) => reason,
	);
	return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
}

for (const version of ["nats-2.9", "nats-2.10", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let opened: Broker[];

		beforeEach(async () => {
			server = await startServer(natsServer({ file }));
			opened = [];
		});
		afterEach(async () => {
			await Promise.all(opened.map((open) => open.close()));
			await server.close();
		});

		async function open(options: NatsBrokerOptions = {}): Promise<Log> {
			const made = await broker(`nats://127.0.0.1:${server.port}`, options);
			opened.push(made);
			return made.log ?? expect.unreachable();
		}

		/** Publishes until it is told to stop, each event under its id until that is acknowledged. */
		async function publishAll(topic: TopicLog, name: string, isOver: () => boolean): Promise<string[]> {
			const acknowledged: string[] = [];
			for (let index = 0; !isOver(); index++) {
				const id = `${name}-${index}`;
				while (!isOver()) {
					const isDone = await topic.append([event(id)], background).then(
						() => true,
						() => false,
					);
					if (isDone) acknowledged.push(id);
					if (isDone) break;
				}
			}
			return acknowledged;
		}

		test("a server that is killed under load keeps all that was acknowledged, once", async () => {
			const topic = await (await open()).open("orders", {}, background);
			let isOver = false;
			const publishers = Array.from({ length: 8 }, (_, index) =>
				publishAll(topic, `p${index}`, () => isOver),
			);
			for (let kill = 0; kill < kills; kill++) {
				await topic.append([event(`before-${kill}`)], background);
				await server.kill();
				await server.restart();
			}
			await topic.append([event("after")], background);
			isOver = true;
			const acknowledged = (await Promise.all(publishers)).flat();
			const ids = await idsOf(topic);
			expect(new Set(ids).size).toBe(ids.length);
			const there = new Set(ids);
			expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
			expect(acknowledged.length).toBeGreaterThan(0);
		}, 120_000);

		test("while the server is away, publishing is refused as unavailable, and goes on when it is back", async () => {
			const topic = await (await open()).open("orders", {}, background);
			await server.kill();
			const { ctx, cancel } = background.withTimeout(300).withCancel();
			expect(await failure(topic.append([event("1")], ctx))).toMatch(/^(unavailable|deadline_exceeded): /);
			cancel();
			await server.restart();
			const [receipt] = await topic.append([event("1")], background);
			expect(receipt?.duplicate).toBe(false);
			expect(await idsOf(topic)).toEqual(["1"]);
		});

		test("a topic that an operator removed is made again, and places in the old one have diverged", async () => {
			const topic = await (await open()).open("orders", { lanes: 2 }, background);
			await topic.append([event("1"), event("2"), event("3")], background);
			const places = await topic.at("now", background);
			const client = await connect({ servers: `127.0.0.1:${server.port}` });
			await (await jetstreamManager(client)).streams.delete("allium+default+orders");
			await client.close();
			await topic.append([event("1")], background);
			expect(await idsOf(topic)).toEqual(["1"]);
			expect(await topic.diverged(places, background)).toEqual([0, 1]);
		});

		describe("what is guaranteed", () => {
			test("is what the server can do", async () => {
				const { features } = await (await open({ dedupeMs: 60_000 })).open("orders", {}, background);
				const isNew = version === "nats-2.15";
				expect(features).toMatchObject({ syncs: "later", dedupeMs: 60_000, atomic: isNew, order: "log" });
				expect(features.maxEventBytes).toBe(1024 * 1024 - 512);
			});

			test("is a write to disk where the operator says so, and the server can", async () => {
				if (version === "nats-2.9") {
					expect(await failure(open({ syncs: "disk" }))).toContain("failed_precondition: the NATS server at");
					return;
				}
				const { features } = await (await open({ syncs: "disk" })).open("orders", {}, background);
				expect(features.syncs).toBe("disk");
			});
		});
	});
}
