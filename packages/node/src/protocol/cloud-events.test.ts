import { connect } from "node:net";
import { text } from "node:stream/consumers";
import {
	Context,
	contract,
	type Delivery,
	delivery,
	describe as describeContract,
	event,
	type Guard,
	memoryRegistry,
	ServiceError,
	silentLogger,
} from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import type { Broker } from "@allium/core/event";
import { memoryBroker } from "@allium/core/log-broker";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "../app/app.ts";
import type { App, AppOptions } from "../app/app-type.ts";
import { cloudEvents } from "./cloud-events.ts";

const Matches = contract("matches", {
	started: event({
		key: "id",
		data: z.object({ id: z.string(), size: z.int() }),
		version: 2,
		upcast: { 1: () => ({ id: "m1", size: 19 }) },
	}),
	moved: event({ key: "id", data: z.object({ id: z.string() }), private: true }),
});

const structured = { "content-type": "application/cloudevents+json" };
const started = {
	specversion: "1.0",
	id: "till-7-1",
	source: "/tills/7",
	type: "matches.started",
	dataversion: "2",
	data: { id: "m1", size: 9 },
};

interface Handled {
	readonly data: unknown;
	readonly delivery: Delivery;
}

let broker: Broker;
let app: App;
let handled: Handled[];

async function open(options: Partial<AppOptions> = {}): Promise<void> {
	app = createApp({
		name: "shop",
		registry: memoryRegistry(),
		broker,
		env: {},
		drainDelayMs: 0,
		logger: silentLogger,
		accepts: [Matches],
		...options,
	});
	app.subscribe(Matches, { started: (data, ctx) => void handled.push({ data, delivery: delivery(ctx) }) });
	await app.start();
}

beforeEach(() => {
	broker = memoryBroker();
	handled = [];
});

afterEach(async () => {
	await app.stop();
	await broker.close();
});

function url(): string {
	return app.addresses.find((address) => address.startsWith("http:")) ?? "";
}

interface Reply {
	readonly status: number;
	readonly body: unknown;
	readonly headers: Headers;
}

async function post(
	body: string,
	headers: Record<string, string> = structured,
	topic = "matches",
): Promise<Reply> {
	const answer = await fetch(`${url()}/-/events/${topic}`, { method: "POST", body, headers });
	return { status: answer.status, body: await answer.json(), headers: answer.headers };
}

const send = (sent: unknown, headers?: Record<string, string>): Promise<Reply> =>
	post(JSON.stringify(sent), headers);

describe("an event that is posted", () => {
	beforeEach(() => open());

	test("in structured mode is published under the id and the source of its sender", async () => {
		const causes = { correlationid: "c1", causationid: "c2" };
		const reply = await send({ ...started, ...causes });
		expect(reply).toMatchObject({ status: 202, body: { events: [{ id: "till-7-1", duplicate: false }] } });
		await expect
			.poll(() => handled)
			.toMatchObject([
				{
					data: { id: "m1", size: 9 },
					delivery: {
						id: "till-7-1",
						source: "/tills/7",
						key: "m1",
						version: 2,
						correlationId: "c1",
						causationId: "c2",
					},
				},
			]);
	});

	test("in binary mode has its attributes in headers, percent-encoded", async () => {
		const reply = await send(started.data, {
			"content-type": "application/json; charset=utf-8",
			"ce-specversion": "1.0",
			"ce-id": "till%207",
			"ce-source": '"/tills/\\"7"',
			"ce-type": "matches.started",
			"ce-dataversion": "2",
		});
		expect(reply.status).toBe(202);
		await expect
			.poll(() => handled)
			.toMatchObject([{ data: { size: 9 }, delivery: { id: "till 7", source: '/tills/"7' } }]);
	});

	test("in a batch is published together with the others", async () => {
		const batch = [started, { ...started, id: "till-7-2" }, { ...started, id: "till-7-3" }];
		const reply = await send(batch, { "content-type": "application/cloudevents-batch+json" });
		expect(reply).toMatchObject({ status: 202, body: { events: [{}, {}, { id: "till-7-3" }] } });
		await expect.poll(() => handled).toHaveLength(3);
	});

	test("twice is handled once, and the second receipt says so", async () => {
		await send(started);
		const reply = await send(started);
		expect(reply).toMatchObject({ status: 202, body: { events: [{ id: "till-7-1", duplicate: true }] } });
		await send({ ...started, id: "till-7-2" });
		await expect.poll(() => handled.map((each) => each.delivery.id)).toEqual(["till-7-1", "till-7-2"]);
	});

	test("of an older version is upcast", async () => {
		expect((await send({ ...started, dataversion: "1", data: { id: "m1" } })).status).toBe(202);
		await expect
			.poll(() => handled)
			.toMatchObject([{ data: { id: "m1", size: 19 }, delivery: { version: 2 } }]);
	});

	test("brings the metadata x-global-* of its request along", async () => {
		const headers = { ...structured, "x-global-tenant": "acme", "x-other": "no" };
		await send(started, headers);
		const log = await broker.log?.find("matches", Context.background());
		const cursors = await log?.at("start", Context.background());
		const page = await log?.read(cursors ?? new Map(), { events: 1, bytes: 1_000 }, Context.background());
		expect(page?.events[0]?.event.metadata).toEqual({ "x-global-tenant": "acme" });
	});
});

describe("what is no event of the contract is refused", () => {
	beforeEach(() => open({ limits: { messageBytes: 4_000, bodyTimeoutMs: 300 } }));
	afterEach(() => expect(handled).toEqual([]));

	test.each([
		[
			"of another contract",
			{ type: "players.rewarded" },
			404,
			/"matches" has no event of this type; its events are matches.started$/,
		],
		["that is private", { type: "matches.moved" }, 404, /its events are matches.started$/],
		[
			"whose data the schema refuses",
			{ data: { id: "m1" } },
			400,
			/invalid data for the event matches.started: size/,
		],
		[
			"of a version that is not known yet",
			{ dataversion: "3" },
			400,
			/version 2 is the newest that is known here/,
		],
		["of no version", { dataversion: "two" }, 400, /"dataversion" is not a positive integer/],
		["of another specification", { specversion: "0.3" }, 400, /no CloudEvent of version 1.0/],
		["without an id", { id: undefined }, 400, /it has no "id"/],
		["without a source", { source: "" }, 400, /it has no "source"/],
		["without a type", { type: undefined }, 400, /it has no "type"/],
		["with an id that is too long", { id: "x".repeat(1025) }, 400, /"id" is longer than 1024 characters/],
		["with an id that is no text", { id: "a\0b" }, 400, /"id"/],
		["whose data are bytes", { data: undefined, data_base64: "e30=" }, 400, /"data_base64" is not read/],
		["whose data are no JSON", { datacontenttype: "text/xml" }, 400, /"datacontenttype"/],
		["at no time", { notbefore: "soon" }, 400, /"notbefore" is not a time/],
	])("one %s", async (_, change, status, message) => {
		const reply = await send({ ...started, ...change });
		expect(reply).toMatchObject({ status, body: { message: expect.stringMatching(message) } });
	});

	test.each([
		["no JSON", "{", structured, 400, /./],
		["nothing", "", structured, 400, /./],
		["no object", "[]", structured, 400, /no JSON object/],
		["null", "null", structured, 400, /no JSON object/],
		["no version of CloudEvents", "{}", structured, 400, /has no \\?"specversion/],
		[
			"no list as a batch",
			JSON.stringify(started),
			{ "content-type": "application/cloudevents-batch+json" },
			400,
			/a JSON array/,
		],
		[
			"JSON without attributes",
			"{}",
			{ "content-type": "application/json" },
			400,
			/no CloudEvent: send it as application\/cloudevents\+json/,
		],
		["another type", "x", { "content-type": "text/plain" }, 415, /and not as text\/plain/],
		[
			"another format",
			"x",
			{ "content-type": "application/cloudevents+avro" },
			415,
			/and not as application\/cloudevents\+avro/,
		],
		["an unknown encoding", "x", { ...structured, "content-encoding": "zstd" }, 415, /is not read/],
		["too much", "x".repeat(5_000), structured, 413, /larger than 4000 bytes/],
	])("a body that is %s", async (_, body, headers, status, message) => {
		const reply = await post(body, headers as Record<string, string>);
		expect(reply).toMatchObject({ status, body: { message: expect.stringMatching(message) } });
	});

	test("a batch of which one event is wrong, with its place", async () => {
		const batch = [started, { ...started, id: "till-7-2", type: "matches.ended" }];
		const reply = await send(batch, { "content-type": "application/cloudevents-batch+json" });
		expect(reply).toMatchObject({
			status: 404,
			body: { message: expect.stringMatching(/^event 2 of the batch: "matches" has no event/) },
		});
	});

	test("one for a topic that takes none", async () => {
		const reply = await post(JSON.stringify(started), structured, "players");
		expect(reply).toMatchObject({
			status: 404,
			body: { message: "no events are taken at /-/events/players, but at /-/events/matches" },
		});
	});

	test("a request that neither posts nor reads", async () => {
		const answer = await fetch(`${url()}/-/events/matches`, { method: "PUT" });
		expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
	});

	/** Sends bytes, and returns all that is answered until the connection ends. */
	async function raw(...parts: readonly string[]): Promise<string> {
		const { hostname, port } = new URL(url());
		const socket = connect(Number(port), hostname);
		for (const part of parts) socket.write(part);
		return text(socket);
	}

	const head = (...headers: string[]): string =>
		[
			"POST /-/events/matches HTTP/1.1",
			"host: localhost",
			"connection: close",
			"content-type: application/cloudevents+json",
			...headers,
			"",
			"",
		].join("\r\n");

	test("a body that says that it is too large, before it is read", async () => {
		expect(await raw(head("content-length: 5000"))).toMatch(/^HTTP\/1.1 413 /);
	});

	test("a body in chunks that becomes too large", async () => {
		const chunk = `fff\r\n${"x".repeat(0xfff)}\r\n`;
		expect(await raw(head("transfer-encoding: chunked"), chunk)).toMatch(/^HTTP\/1.1 413 /);
	});

	test("a body that does not arrive", async () => {
		expect(await raw(head("content-length: 100"), '{"spec')).toMatch(
			/^HTTP\/1.1 504 [\s\S]*the body did not arrive within 300 ms/,
		);
	});

	test("an attribute that comes twice in binary mode counts as it came last, and hurts nobody", async () => {
		const binary = head(
			"content-length: 2",
			"ce-specversion: 1.0",
			"ce-specversion: 0.3",
			"ce-id: %ZZ",
		).replace("cloudevents+json", "json");
		expect(await raw(binary, "{}")).toMatch(/^HTTP\/1.1 400 [\s\S]*no CloudEvent of version 1.0/);
	});
});

test("the guard is asked before the body is read", async () => {
	const paths: string[] = [];
	const guard: Guard = ({ path, metadata }, ctx) => {
		paths.push(path);
		if (metadata.get("authorization") === "Bearer till") return ctx;
		throw new ServiceError({ code: "unauthenticated", message: "a token, please" });
	};
	await open({ guard });
	expect(await post("not JSON")).toMatchObject({ status: 401, body: { message: "a token, please" } });
	expect(await send(started, { ...structured, authorization: "Bearer till" })).toMatchObject({ status: 202 });
	expect(paths).toEqual(["/-/events/matches", "/-/events/matches"]);
});

test.each([
	["unavailable", undefined, 503, null],
	["resource_exhausted", 1_500, 429, "2"],
] as const)("what publishing fails with is answered: %s", async (code, retryAfterMs, status, retryAfter) => {
	await open({
		events: {
			publish: [() => () => Promise.reject(new ServiceError({ code, message: "no", retryAfterMs }))],
		},
	});
	const reply = await send(started);
	expect([reply.status, reply.headers.get("retry-after")]).toEqual([status, retryAfter]);
});

test("a broker that is away is told in the log, and not to who posts", async () => {
	const away = unavailable("the broker at inner:1 does not answer");
	const logged: unknown[] = [];
	await open({
		events: { publish: [() => () => Promise.reject(away)] },
		logger: { log: (level, message, fields) => void logged.push([level, message, fields]) },
	});
	expect(await send(started)).toMatchObject({
		status: 503,
		body: { code: "unavailable", message: "unavailable" },
	});
	expect(logged).toContainEqual([
		"warn",
		"posted events could not be published",
		{ path: "/-/events/matches", error: expect.objectContaining({ message: away.message }) },
	]);
});

test("without the option, nothing is taken", async () => {
	await open({ accepts: [] });
	expect((await send(started)).status).toBe(404);
});

test("a contract without events that may be posted is refused", () => {
	const Secret = contract("secret", { moved: event({ data: z.object({}), private: true }) });
	expect(() => cloudEvents({ contracts: [Secret], publish: async () => [] })).toThrow(
		'"secret" has no events that could be posted',
	);
});

describe("GET", () => {
	test("describes the contract whose events are taken", async () => {
		await open();
		const answer = await fetch(`${url()}/-/events/matches`);
		expect([answer.status, await answer.json()]).toEqual([200, describeContract(Matches)]);
		expect((await fetch(`${url()}/-/events/players`)).status).toBe(404);
	});

	test("is behind the guard", async () => {
		const refuses: Guard = () => {
			throw new ServiceError({ code: "unauthenticated", message: "a token, please" });
		};
		await open({ guard: refuses });
		expect((await fetch(`${url()}/-/events/matches`)).status).toBe(401);
	});
});
