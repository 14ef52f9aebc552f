import { Endpoints } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { type HttpRequest, listen } from "@allium/node";
import { contract, method } from "allium";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { chromiumPath, isBrowserMissing, launchBrowser } from "./fixtures/browser/browser-lab.ts";

const Lab = contract("lab", {
	sum: method({ input: z.object({ a: z.int(), b: z.int() }), output: z.object({ v: z.int() }) }),
	length: method({ input: z.object({ text: z.string() }), output: z.object({ v: z.int() }) }),
	/** Answers when six calls are there at once: a browser has at most six connections to a server. */
	meet: method({ output: z.object({ v: z.int() }) }),
	hang: method({}),
});

/** The program of the page: a call of Connect, as `fetch` makes it. */
const program = `globalThis.call = async (name, input, signal) => {
	const answer = await fetch("/lab/" + name, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(input),
		signal,
	});
	return (await answer.json()).v;
};`;

const title = isBrowserMissing
	? `Chromium over HTTP/1.1 (skipped: there is no ${chromiumPath})`
	: "Chromium over HTTP/1.1";

describe.skipIf(isBrowserMissing)(title, () => {
	let browser: Browser;
	beforeAll(async () => {
		browser = await launchBrowser();
	});
	afterAll(() => browser?.close());

	describe.each(["strict", "node"] as const)('with the reader "%s":', (httpReader) => {
		let listener: Listener;
		let page: Page;
		/** The requests that have arrived, that of the page first. */
		let requests: HttpRequest[];
		let meeting: number;
		let hanging: number;
		let aborted: number;

		beforeEach(async () => {
			requests = [];
			meeting = 0;
			hanging = 0;
			aborted = 0;
			const met = Promise.withResolvers<void>();
			const endpoints = new Endpoints();
			endpoints.serve(Lab, {
				sum: async ({ a, b }) => ({ v: a + b }),
				length: async ({ text }) => ({ v: text.length }),
				async meet() {
					if (++meeting === 6) met.resolve();
					await met.promise;
					return { v: meeting };
				},
				async hang(_, ctx) {
					hanging++;
					await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
					aborted++;
				},
			});
			listener = await listen(endpoints, {
				httpReader,
				http(request, response, next) {
					requests.push(request);
					if (request.path !== "/page") return next();
					response.writeHead(200, { "content-type": "text/html" });
					response.end(`<!doctype html><link rel="icon" href="data:,"><script>${program}</script>`);
				},
			});
			page = await browser.newPage();
			await page.goto(`${url()}/page`);
		});

		afterEach(async () => {
			await page.close();
			await listener.close();
		});

		const url = (): string => listener.addresses.find((address) => address.startsWith("http:")) ?? "";
		/** The connections of all requests behind the first, which is that of the page. */
		const peersOfCalls = (): Set<string> => new Set(requests.slice(1).map(({ peer }) => peer.address));
		/** How many requests Node has read. */
		const readByNode = (): number => requests.filter(({ original }) => original !== undefined).length;
		const ofNode = (count: number): number => (httpReader === "node" ? count : 0);

		test("makes calls one after the other on the same connection", async () => {
			for (const a of [1, 2, 3]) expect(await page.evaluate(`call("sum", { a: ${a}, b: 1 })`)).toBe(a + 1);
			expect([requests.length, peersOfCalls().size, readByNode()]).toEqual([4, 1, ofNode(4)]);
		});

		test("makes six calls at once, on a connection each", async () => {
			const calls = "Promise.all(Array.from({ length: 6 }, () => call('meet', {})))";
			expect(await page.evaluate(calls)).toEqual(Array.from({ length: 6 }, () => 6));
			expect([requests.length, peersOfCalls().size, readByNode()]).toEqual([7, 6, ofNode(7)]);
		});

		test("sends a body of 1 MiB, and goes on with the same connection", async () => {
			expect(await page.evaluate('call("length", { text: "x".repeat(2 ** 20) })')).toBe(2 ** 20);
			expect(await page.evaluate('call("sum", { a: 1, b: 1 })')).toBe(2);
			expect([requests.length, peersOfCalls().size, readByNode()]).toEqual([3, 1, ofNode(3)]);
		});

		test("gives up a call, whose handler learns of it, and makes others", async () => {
			await page.evaluate(`globalThis.giveUp = new AbortController();
				globalThis.outcome = call("hang", {}, giveUp.signal).catch(({ name }) => name);
				undefined;`);
			await vi.waitFor(() => expect(hanging).toBe(1));
			await page.evaluate("giveUp.abort()");
			expect(await page.evaluate("outcome")).toBe("AbortError");
			await vi.waitFor(() => expect(aborted).toBe(1));
			expect(await page.evaluate('call("sum", { a: 1, b: 1 })')).toBe(2);
			expect([requests.length, readByNode()]).toEqual([3, ofNode(3)]);
		});

		test("opens a WebSocket, whose connection alone is handed over to Node", async () => {
			await page.evaluate(`new Promise((resolve, reject) => {
				const socket = new WebSocket("${url().replace("http", "ws")}/-/ws", "allium.v1");
				socket.onopen = () => resolve();
				socket.onerror = () => reject(new Error("no WebSocket"));
			})`);
			expect(await page.evaluate('call("sum", { a: 1, b: 1 })')).toBe(2);
			expect([requests.length, readByNode()]).toEqual([3, 1 + ofNode(2)]);
		});
	});
});
