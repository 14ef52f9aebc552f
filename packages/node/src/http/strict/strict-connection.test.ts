import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { everything } from "../../hostile/fixtures/attacked-server.ts";
import { type AnsweringServer, type AnswerPlan, answeringServer } from "./fixtures/answering-server.ts";
import { type RecordedServer, strictServer } from "./fixtures/recorded-server.ts";
import { StrictReader } from "./strict-reader.ts";

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const last = "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

describe("requests on one connection", () => {
	let server: RecordedServer;
	beforeAll(async () => {
		server = await strictServer({ turns: 3, limits: { pipelinedRequests: 5 } });
	});
	afterAll(() => server.close());

	test("are answered in order, and one at a time", async () => {
		const { answer, requests, isClosed } = await server.converse([Buffer.from(get.repeat(6))]);
		expect([...answer.matchAll(/answer (\d)/g)].map(([, index]) => index).join("")).toBe("012345");
		expect([requests.length, isClosed]).toEqual([6, false]);
	});

	test("that wait are bounded: one more ends the connection", async () => {
		const { answer, isClosed } = await server.converse([Buffer.from(get.repeat(7))]);
		expect([answer, isClosed]).toEqual(["", true]);
	});

	test("are not read behind one that announces the end, and that one is answered", async () => {
		const { answer, requests, isClosed } = await server.converse([Buffer.from(last + get + get)]);
		expect([requests.length, isClosed]).toEqual([1, true]);
		expect(answer).toMatch(/Connection: close\r\n.*answer 0$/s);
	});

	test("that are answered are answered before the bytes behind them are refused", async () => {
		const { answer, requests, isClosed } = await server.converse([Buffer.from(`${get}\0\r\n\r\n`)]);
		expect(answer).toMatch(/^HTTP\/1.1 200 OK.*answer 0HTTP\/1.1 400 Bad Request/s);
		expect([requests.length, isClosed]).toEqual([1, true]);
	});

	test("may have bodies that are larger than what waits unread", async () => {
		const body = "x".repeat(300_000);
		const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
		const { requests } = await server.converse([Buffer.from(head + body), Buffer.from(get)]);
		expect(requests.map((request) => request.body.length)).toEqual([body.length, 0]);
	});
});

describe("an answer", () => {
	let server: AnsweringServer;
	const plain: AnswerPlan = {
		...{ status: 200, headers: {}, parts: [], last: "text", trailers: undefined },
		...{ flushes: false, isSlow: false },
	};
	beforeAll(async () => {
		server = await answeringServer(StrictReader);
	});
	beforeEach(() => {
		server.delivered.length = 0;
	});
	afterAll(() => server.close());

	/** Asks for an answer by a plan, and for another one. Resolves with all bytes that come. */
	async function asked(plan: Partial<AnswerPlan>): Promise<string> {
		server.plan = { ...plain, ...plan };
		const socket = connect(server.port, "127.0.0.1");
		const all = everything(socket);
		socket.write(get + last);
		return all;
	}

	test.each([
		["longer", 3],
		["shorter", 5],
	])("that is %s than it says ends the connection, and is not delivered", async (_, length) => {
		expect(await asked({ headers: { "content-length": length } })).not.toContain("next");
		expect(server.delivered).toEqual([false]);
	});

	test("as long as it says is delivered, and so is the next one", async () => {
		expect(await asked({ headers: { "content-length": 4 } })).toMatch(/\r\n\r\ntextHTTP\/1.1 200 .*next$/s);
		expect(server.delivered).toEqual([true]);
	});

	test("is delivered once the client has read enough of it, and not before", async () => {
		server.plan = { ...plain, last: Buffer.alloc(16 * 1024 * 1024) };
		const socket = connect(server.port, "127.0.0.1");
		socket.write(get + last);
		await vi.waitFor(() => expect(socket.readableLength).toBeGreaterThan(0));
		expect(server.delivered).toEqual([]);
		const all = await everything(socket);
		expect(all).toMatch(/next$/);
		expect(server.delivered).toEqual([true]);
	});

	test("with 204 has neither a body nor a length", async () => {
		const answer = await asked({ status: 204, headers: { "content-length": 4 } });
		expect(answer).toMatch(/^HTTP\/1.1 204 No Content\r\nDate: [^\r]+\r\nConnection: keep-alive\r\n/);
		expect(answer).toMatch(/Keep-Alive: timeout=60\r\n\r\nHTTP\/1.1 200 OK\r\n/);
	});

	test("whose parts are written in one turn has one chunk", async () => {
		const parts = ["a", "b", "c"].map((part) => Buffer.from(part));
		expect(await asked({ parts, last: "d" })).toContain("\r\n\r\n4\r\nabcd\r\n0\r\n\r\nHTTP/1.1 200");
	});
});
