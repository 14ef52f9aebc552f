import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Context } from "@allium/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Lab } from "./fixtures/lab.ts";
import { HttpPeer } from "./http-peer.ts";

const background = Context.background();

/** A service that answers a request when the test says so, unless it answers all at once. */
class HeldService {
	readonly #server: Server;
	answersAtOnce = false;
	/** The requests that wait for their answers: the texts that they sent. */
	readonly waiting: { readonly text: string; readonly response: ServerResponse }[] = [];
	connections = 0;

	constructor() {
		this.#server = createServer((request, response) => void this.#take(request, response));
		this.#server.on("connection", () => {
			this.connections++;
		});
	}

	get address(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	open(): Promise<void> {
		return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
	}

	close(): Promise<void> {
		this.#server.closeAllConnections();
		return new Promise((resolve) => this.#server.close(() => resolve()));
	}

	/** Resolves when as many requests wait. */
	async holds(...texts: readonly string[]): Promise<void> {
		await vi.waitFor(() => expect(this.waiting.map(({ text }) => text)).toEqual(texts));
	}

	/** Answers the request that waits longest. */
	answer(headers: Readonly<Record<string, string>> = {}): void {
		const { text, response } = this.waiting.shift() as { text: string; response: ServerResponse };
		response.writeHead(200, { "content-type": "application/json", ...headers });
		response.end(JSON.stringify({ text }));
	}

	async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
		let body = "";
		for await (const part of request) body += part;
		const { text } = JSON.parse(body) as { text: string };
		this.waiting.push({ text, response });
		if (this.answersAtOnce) this.answer();
	}
}

let service: HeldService;
let peer: HttpPeer;

beforeEach(async () => {
	service = new HeldService();
	await service.open();
	peer = new HttpPeer(service.address, { connections: 1 });
});

afterEach(async () => {
	await peer.close();
	await service.close();
});

const call = (text: string, ctx = background): Promise<unknown> => peer.endpoint(Lab.echo)({ text }, ctx);
const codeOf = (outcome: Promise<unknown>): Promise<unknown> =>
	outcome.then(
		() => "ok",
		({ code }) => code,
	);

test("calls wait for a connection in order, and take over the one that is free", async () => {
	const calls = ["a", "b", "c"].map((text) => call(text));
	for (const text of ["a", "b", "c"]) {
		await service.holds(text);
		service.answer();
	}
	expect(await Promise.all(calls)).toEqual([{ text: "a" }, { text: "b" }, { text: "c" }]);
	expect(service.connections).toBe(1);
});

test("a call that is given up while it waits for a connection is never sent, and cuts off nobody", async () => {
	const first = call("first");
	await service.holds("first");
	const { ctx, cancel } = background.withCancel();
	const second = codeOf(call("second", ctx));
	const third = call("third");
	cancel();
	expect(await second).toBe("canceled");
	service.answer();
	await service.holds("third");
	service.answer();
	expect(await Promise.all([first, third])).toEqual([{ text: "first" }, { text: "third" }]);
	expect(service.connections).toBe(1);
});

test("behind a connection that ends with its answer, the next call has one of its own", async () => {
	const calls = [call("a"), call("b")];
	await service.holds("a");
	service.answer({ connection: "close" });
	await service.holds("b");
	service.answer();
	expect(await Promise.all(calls)).toEqual([{ text: "a" }, { text: "b" }]);
	expect(service.connections).toBe(2);
});

test("behind a connection that breaks, the next call has one of its own", async () => {
	const first = codeOf(call("a"));
	const second = call("b");
	await service.holds("a");
	service.waiting.shift()?.response.destroy();
	expect(await first).toBe("unavailable");
	await service.holds("b");
	service.answer();
	expect(await second).toEqual({ text: "b" });
});

test("a call that runs out of time leaves the next one a connection of its own", async () => {
	const first = codeOf(call("a", background.withTimeout(50)));
	await service.holds("a");
	const second = call("b");
	expect(await first).toBe("deadline_exceeded");
	await service.holds("a", "b");
	service.waiting.shift();
	service.answer();
	expect(await second).toEqual({ text: "b" });
});

test("closing ends the calls that wait for a connection, too", async () => {
	const calls = [codeOf(call("a")), codeOf(call("b"))];
	await service.holds("a");
	await peer.close();
	expect(await Promise.all(calls)).toEqual(["unavailable", "unavailable"]);
	await service.holds("a");
});

test("calls at once take no more connections than there are calls, however often they are made", async () => {
	const many = new HttpPeer(service.address);
	const echo = many.endpoint(Lab.echo);
	service.answersAtOnce = true;
	const loop = async (caller: number): Promise<void> => {
		for (let n = 0; n < 20; n++) await echo({ text: `${caller}` }, background);
	};
	await Promise.all([loop(0), loop(1), loop(2), loop(3)]);
	await many.close();
	expect(service.connections).toBe(4);
});

describe("given calls that take all of 16 connections, when more come", () => {
	const count = 40;
	let many: HttpPeer;
	let calls: Promise<unknown>[];

	beforeEach(async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
		many = new HttpPeer(service.address);
		const echo = many.endpoint(Lab.echo);
		calls = Array.from({ length: count }, (_, index) => echo({ text: `${index}` }, background));
		await held(16);
	});
	afterEach(async () => {
		await many.close();
		vi.useRealTimers();
	});

	/** Resolves when as many requests are held. Time stands still meanwhile. */
	async function held(requests: number): Promise<void> {
		while (service.waiting.length < requests) await nextTurn();
	}

	test("they take over connections that become free within 5 ms, and open none", async () => {
		vi.advanceTimersByTime(4);
		for (let answered = 0; answered < count; answered++) {
			await held(Math.min(16, count - answered));
			service.answer();
		}
		await Promise.all(calls);
		expect(service.connections).toBe(16);
	});

	test("each opens one of its own after 5 ms", async () => {
		vi.advanceTimersByTime(5);
		await held(count);
		expect(service.connections).toBe(count);
		while (service.waiting.length > 0) service.answer();
		await Promise.all(calls);
	});

	test("one that came later opens its own as much later", async () => {
		vi.advanceTimersByTime(3);
		const late = many.endpoint(Lab.echo)({ text: "late" }, background);
		vi.advanceTimersByTime(2);
		await held(count);
		expect(service.waiting.map(({ text }) => text)).not.toContain("late");
		vi.advanceTimersByTime(3);
		await held(count + 1);
		while (service.waiting.length > 0) service.answer();
		expect(await late).toEqual({ text: "late" });
	});

	test("closing leaves no timer behind", async () => {
		const outcomes = calls.map(codeOf);
		await many.close();
		expect(vi.getTimerCount()).toBe(0);
		expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["unavailable"]));
	});
});
