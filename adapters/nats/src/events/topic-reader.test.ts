import { Context } from "@allium/core";
import type { Broker, EventRecord, TopicLog } from "@allium/core/event";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { broker } from "../index.ts";

const background = Context.background();
const waiting = 50;

function event(id: string): EventRecord {
	const time = "2026-01-01T00:00:00.000Z";
	const facts = { type: "orders.placed", version: 1, source: "shop", time, data: {} };
	return { id, key: id, correlationId: id, ...facts };
}

/** The subjects of requests for messages, of any consumer. */
const forMessages = /^\$JS\.API\.CONSUMER\.MSG\.NEXT\./;

/** Reads from the start on. Returns how many events each page had. */
async function pages(topic: TopicLog): Promise<number[]> {
	const sizes: number[] = [];
	let after = await topic.at("start", background);
	for (;;) {
		const { events, next } = await topic.read(after, { events: 10, bytes: 1e6 }, background);
		if (events.length === 0) return sizes;
		sizes.push(events.length);
		after = next;
	}
}

for (const version of ["nats-2.9", "nats-2.10", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let opened: Broker;
		let topic: TopicLog;

		beforeAll(async () => {
			server = await startServer(natsServer({ file }));
		});
		afterAll(() => server.close());
		beforeEach(async ({ task }) => {
			opened = await broker(`nats://127.0.0.1:${server.port}?bucket=${task.id}`);
			topic = (await opened.log?.open("orders", {}, background)) ?? expect.unreachable();
			await topic.append(
				Array.from({ length: waiting }, (_, index) => event(`${index}`)),
				background,
			);
		});
		afterEach(() => opened.close());

		async function consumers(bucket: string): Promise<number> {
			const client = await connect({ servers: `127.0.0.1:${server.port}` });
			const { state } = await (await jetstreamManager(client)).streams.info(`${bucket}+default+orders`);
			await client.close();
			return state.consumer_count;
		}

		// A consumer for each page would cost the server several times as much as the events.
		test("one consumer of the server reads page after page", async ({ task }) => {
			expect(await pages(topic)).toEqual([10, 10, 10, 10, 10]);
			expect(await consumers(task.id)).toBe(1);
		});

		// Half of the lanes are what each of two processes has. Filters for each of them cost the server 40 times as much.
		test("half of the lanes are read by one filter, and only messages are asked for", async () => {
			const client = await connect({ servers: `127.0.0.1:${server.port}` });
			const asked: string[] = [];
			const made: unknown[] = [];
			client.subscribe("$JS.API.>", {
				callback: (_, message) => {
					asked.push(message.subject);
					if (message.subject.includes("CONSUMER.CREATE")) made.push(message.json());
				},
			});
			await client.flush();
			const half = [...(await topic.at("start", background))].filter(([lane]) => lane < 8);
			const bounds = { events: 5, bytes: 1e6 };
			let { next } = await topic.read(new Map(half), bounds, background);
			await client.flush();
			expect(made).toMatchObject([{ config: { filter_subject: expect.stringMatching(/\.16\.\*\.\*$/) } }]);
			asked.length = 0;
			for (let page = 0; page < 8; page++) {
				const { events, ...read } = await topic.read(next, bounds, background);
				expect(events.every(({ lane }) => lane < 8)).toBe(true);
				next = read.next;
			}
			await client.flush();
			expect(asked).not.toEqual([]);
			expect(asked.filter((subject) => !forMessages.test(subject))).toEqual([]);
			await client.close();
		});
	});
}
