import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { contract, Endpoints, type Logger, method, ServiceError, stream } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { listen } from "../server/server.ts";

const Feed = contract("feed", {
	count: method({
		input: z.object({ upTo: z.int() }),
		output: stream(z.object({ n: z.int(), text: z.string() })),
		errors: {
			negative: { code: "out_of_range", message: "count upwards", data: z.object({ upTo: z.int() }) },
		},
		effect: "read",
	}),
	flood: method({ output: stream(z.object({ text: z.string() })), effect: "read" }),
	idle: method({ output: stream(z.object({ n: z.int() })), effect: "read" }),
	/** Continues after the position that its client has. */
	follow: method({
		input: z.object({ after: z.int().default(0) }),
		output: stream(z.object({ position: z.int() })),
		effect: "read",
		meta: { resume: { input: "after", id: "position" } },
	}),
	change: method({ output: stream(z.object({ n: z.int() })) }),
});

let endpoints: Endpoints;
let listener: Listener;
let made = 0;
let stopped = 0;

beforeEach(async () => {
	made = 0;
	stopped = 0;
	endpoints = new Endpoints({
		guard: ({ metadata }, ctx) => {
			if (metadata.get("x-token") === "bad") throw new ServiceError({ code: "unauthenticated" });
			return ctx;
		},
	});
	endpoints.serve(Feed, {
		async *count({ upTo }, ctx) {
			ctx.response.headers.append("x-head", "early");
			for (let n = 1; n <= upTo; n++) yield { n, text: "a\nb" };
			if (upTo < 0) throw Feed.count.error.negative({ upTo });
			if (upTo > 1) ctx.response.trailers.append("x-trailer", "late");
		},
		async *flood() {
			try {
				for (;;) {
					made++;
					yield { text: "x".repeat(16 * 1024) };
				}
			} finally {
				stopped++;
			}
		},
		async *idle(_, ctx) {
			await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
			stopped++;
			yield* [];
		},
		async *follow({ after }) {
			for (let position = after + 1; position <= 4; position++) yield { position };
		},
		async *change() {
			yield { n: 1 };
		},
	});
	listener = await listen(endpoints);
});

afterEach(() => listener.close());

function get(path: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
	return fetch(`${listener.addresses[0]}/${path}`, {
		headers: { accept: "text/event-stream", ...headers },
		...(signal !== undefined && { signal }),
	});
}

const count = (upTo: unknown): string => `feed/count?input=${encodeURIComponent(JSON.stringify({ upTo }))}`;

describe("server-sent events", () => {
	test("are one line of data for each message, and an end", async () => {
		const answer = await get(count(1));
		expect(answer.status).toBe(200);
		expect(answer.headers.get("content-type")).toBe("text/event-stream");
		expect(answer.headers.get("cache-control")).toBe("no-store");
		expect(answer.headers.get("x-head")).toBe("early");
		expect(await answer.text()).toBe('data: {"n":1,"text":"a\\nb"}\n\nevent: end\nid: end\ndata: {}\n\n');
	});

	test("bring trailers with the end", async () => {
		expect(await (await get(count(2))).text()).toMatch(
			/event: end\nid: end\ndata: {"metadata":{"x-trailer":\["late"\]}}\n\n$/,
		);
	});

	test("end with the error of a handler that failed", async () => {
		const body = await (await get(count(-1))).text();
		const [, data] = /^event: error\nid: end\ndata: (.*)\n\n$/.exec(body) ?? [];
		expect(JSON.parse(String(data))).toMatchObject({ code: "out_of_range", message: "count upwards" });
	});

	test("let a page connect again when their server stops, as another instance may go on", async () => {
		const answer = await get("feed/idle");
		endpoints.streams.end();
		const [, data] = /^event: error\ndata: (.*)\n\n$/.exec(await answer.text()) ?? [];
		expect(JSON.parse(String(data))).toMatchObject({ code: "unavailable" });
	});

	test("tell why a call was refused, as a page sees no status", async () => {
		for (const [path, headers, code] of [
			[count("three"), {}, "invalid_argument"],
			["feed/count", {}, "invalid_argument"],
			["feed/count?input={", {}, "invalid_argument"],
			[count(1), { "x-token": "bad" }, "unauthenticated"],
		] as const) {
			const answer = await get(path, headers);
			expect(answer.status).toBe(200);
			expect(await answer.text()).toMatch(new RegExp(`^event: error\nid: end\ndata: {"code":"${code}"`));
		}
	});

	test("stop a browser from connecting again after the end", async () => {
		expect((await get(count(1), { "last-event-id": "end" })).status).toBe(204);
	});

	test("are only for methods that change nothing, and that stream", async () => {
		const answer = await get("feed/change");
		expect(answer.status).toBe(405);
		expect(answer.headers.get("allow")).toBe("POST");
		expect((await get("feed/missing")).status).toBe(404);
	});

	test("stop the handler when the client goes", async () => {
		const controller = new AbortController();
		const answer = await get("feed/idle", {}, controller.signal);
		expect(answer.status).toBe(200);
		controller.abort();
		await vi.waitFor(() => expect(stopped).toBe(1));
	});

	test("hold the handler back while the client does not read", async () => {
		const answer = await get("feed/flood");
		let before = -1;
		await vi.waitFor(
			() => {
				const since = before;
				before = made;
				expect(made).toBe(since);
			},
			{ interval: 100, timeout: 10_000 },
		);
		expect(made).toBeLessThan(5_000);
		await answer.body?.cancel();
		await vi.waitFor(() => expect(stopped).toBe(1));
	});

	test("show that the stream lives every 15 s, and leave no timer", async () => {
		vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
		try {
			const answer = await get("feed/idle");
			const reader = answer.body?.getReader();
			vi.advanceTimersByTime(15_000);
			expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(":\n\n");
			await reader?.cancel();
			await vi.waitFor(() => expect(stopped).toBe(1));
			await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
		} finally {
			vi.useRealTimers();
		}
	});

	test("that are asked for by HEAD leave no timer", async () => {
		vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
		try {
			const before = vi.getTimerCount();
			const url = `${listener.addresses[0]}/${count(2)}`;
			const { status } = await fetch(url, { method: "HEAD", headers: { accept: "text/event-stream" } });
			expect([status, vi.getTimerCount()]).toEqual([200, before]);
		} finally {
			vi.useRealTimers();
		}
	});

	test("come over HTTP/2 as well", async () => {
		const session = connect(String(listener.addresses[0]));
		try {
			const request = session.request({ ":path": `/${count(1)}`, accept: "text/event-stream" });
			expect(await text(request)).toBe('data: {"n":1,"text":"a\\nb"}\n\nevent: end\nid: end\ndata: {}\n\n');
		} finally {
			session.destroy();
		}
	});

	test("end at the deadline that the client says", async () => {
		const body = await (await get("feed/idle", { "connect-timeout-ms": "50" })).text();
		expect(body).toMatch(/^event: error\nid: end\ndata: {"code":"deadline_exceeded"/);
	});
});

describe("a stream that can be resumed", () => {
	test("has an id on each event", async () => {
		const events = await text((await get("feed/follow")).body as ReadableStream);
		expect(events).toContain('id: 1\ndata: {"position":1}\n\nid: 2\ndata: {"position":2}\n\n');
	});

	test("goes on after the last event that its client has, whatever the address says", async () => {
		const path = 'feed/follow?input={"after":1}';
		const events = await text((await get(path, { "last-event-id": "3" })).body as ReadableStream);
		expect(events).toMatch(/^id: 4\ndata: \{"position":4\}\n\nevent: end\n/);
	});

	test("refuses an id that is not one of its own", async () => {
		const answer = await get("feed/follow", { "last-event-id": "what" });
		expect(await text(answer.body as ReadableStream)).toContain("event: error");
	});

	test("must name the members that it is resumed by", async () => {
		const Wrong = contract("wrong", {
			follow: method({ output: stream(z.object({})), meta: { resume: true } }),
		});
		const endpoints = new Endpoints();
		endpoints.serve(Wrong, { async *follow() {} });
		const logged: string[] = [];
		const logger: Logger = { log: (level, message) => void logged.push(`${level}: ${message}`) };
		await (await listen(endpoints, { logger })).close();
		expect(logged).toEqual([expect.stringMatching(/^warn: meta.resume of wrong\/follow is ignored/)]);
	});
});
