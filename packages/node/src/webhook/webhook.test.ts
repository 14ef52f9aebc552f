import { Context, contract, event, memoryRegistry, silentLogger } from "@allium/core";
import type { Broker } from "@allium/core/event";
import { memoryBroker } from "@allium/core/log-broker";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "../app/app.ts";
import type { App } from "../app/app-type.ts";
import { Receiver } from "./fixtures/receiver.ts";
import { webhook } from "./webhook.ts";
import { verifyWebhook, webhookSecret } from "./webhook-signature.ts";

const Id = z.object({ id: z.string() });
const Matches = contract("matches", {
	started: event({ key: "id", data: Id }),
	ended: event({ key: "id", data: Id, version: 2 }),
	moved: event({ key: "id", data: Id, private: true }),
});
const secret = webhookSecret();
const options = { secret, allow: ["http", "private"] } as const;

let receiver: Receiver;
let broker: Broker;
let app: App;

beforeEach(async () => {
	receiver = await Receiver.open();
	broker = memoryBroker();
	app = createApp({
		name: "shop",
		registry: memoryRegistry(),
		broker,
		env: {},
		drainDelayMs: 0,
		logger: silentLogger,
		publishes: [Matches],
	});
});

afterEach(async () => {
	await app.stop();
	await broker.close();
	await receiver[Symbol.asyncDispose]();
});

const got = (): unknown[] => receiver.received.map(({ body }) => JSON.parse(body));

describe("a group that has a webhook", () => {
	test("sends each event as a CloudEvent, under its id", async () => {
		app.subscribe(Matches, webhook(Matches, { url: receiver.url, ...options }), { group: "acme" });
		await app.start();
		const [receipt] = await app.publish(Matches.ended({ id: "m1" }));
		await expect.poll(got).toEqual([
			{
				specversion: "1.0",
				id: receipt?.id,
				type: "matches.ended",
				source: "shop",
				subject: "m1",
				time: expect.stringMatching(/Z$/),
				datacontenttype: "application/json",
				dataversion: "2",
				correlationid: receipt?.id,
				data: { id: "m1" },
			},
		]);
		const [received] = receiver.received;
		expect(verifyWebhook(received?.headers ?? {}, received?.body ?? "", secret).id).toBe(receipt?.id);
	});

	test("sends the events that it names, and no others", async () => {
		app.subscribe(Matches, webhook(Matches, { url: receiver.url, events: ["ended"], ...options }), {
			group: "acme",
		});
		await app.start();
		await app.publish([Matches.started({ id: "m1" }), Matches.ended({ id: "m1" })]);
		await expect.poll(got).toMatchObject([{ type: "matches.ended" }]);
	});

	test("sends an event again until it is taken, under the same id, and then the next of its key", async () => {
		receiver.answer = (response) => void response.writeHead(receiver.received.length < 3 ? 500 : 200).end();
		app.subscribe(Matches, webhook(Matches, { url: receiver.url, ...options }), {
			group: "acme",
			retry: { firstDelayMs: 1 },
		});
		await app.start();
		await app.publish([Matches.started({ id: "m1" }), Matches.ended({ id: "m1" })]);
		await expect
			.poll(() => receiver.received.map(({ headers }) => headers["webhook-id"]), { timeout: 10_000 })
			.toHaveLength(4);
		const [first, second, third, last] = got();
		expect([second, third]).toEqual([first, first]);
		expect(last).toMatchObject({ type: "matches.ended" });
	});

	test("parks an event once the receiver says that it wants no more", async () => {
		receiver.answers(410);
		app.subscribe(Matches, webhook(Matches, { url: receiver.url, ...options }), { group: "acme" });
		await app.start();
		await app.publish(Matches.started({ id: "m1" }));
		const parked = async (): Promise<unknown> => {
			const parking = broker.parking({ topic: "matches", group: "acme" });
			return (await parking.list({ limit: 9 }, Context.background())).items;
		};
		await expect
			.poll(parked, { timeout: 10_000 })
			.toMatchObject([{ event: { type: "matches.started" }, error: { reason: "webhook_gone" } }]);
		expect(receiver.received).toHaveLength(1);
	});
});

test("handlers are those of public events, unless others are named", () => {
	const names = (events?: ("started" | "moved")[]): string[] =>
		Object.keys(webhook(Matches, { url: receiver.url, ...options, ...(events && { events }) }));
	expect(names()).toEqual(["started", "ended"]);
	expect(names(["moved"])).toEqual(["moved"]);
});

test("an event that the contract does not have is refused, and so is a URL that cannot be used", () => {
	// @ts-expect-error The compiler refuses it as well.
	expect(() => webhook(Matches, { url: receiver.url, ...options, events: ["resigned"] })).toThrow(
		'"matches" has no event "resigned" for a webhook; its events are started, ended, moved',
	);
	expect(() => webhook(Matches, { url: "http://example.com", secret })).toThrow(/begins with https:/);
});
