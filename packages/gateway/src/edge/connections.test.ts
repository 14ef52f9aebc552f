import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answerBytes, RawService } from "../fixtures/raw-service.ts";
import { System } from "../fixtures/system.ts";

let system: System;
beforeEach(async () => {
	system = await System.create();
});
afterEach(() => system[Symbol.asyncDispose]());

/** Sends two requests. Resolves with the statuses, and the service's connections on which the requests arrived. */
async function askTwice(service: RawService, options: RequestInit = {}, between = async () => {}) {
	const url = await system.open({ proxy: { "/app": service.url } });
	const first = await fetch(`${url}/app`, options);
	await first.text();
	await between();
	const second = await fetch(`${url}/app`, options);
	await second.text();
	return {
		statuses: [first.status, second.status],
		connections: service.requests.map(({ connection }) => connection),
	};
}

describe("a connection to a web service is kept", () => {
	test.each([
		["for the next request", "", [1, 1]],
		["as long as the service says", "keep-alive: timeout=5\r\n", [1, 1]],
		["not when that is a second, in which it may just be closed", "keep-alive: timeout=1\r\n", [1, 2]],
		["not then, wherever it says so", "Keep-Alive: max=100, timeout=1\r\n", [1, 2]],
	])("%s", async (_, headers, connections) => {
		await using service = await RawService.open((socket) => socket.write(answerBytes("hi", headers)));
		expect(await askTwice(service)).toEqual({ statuses: [200, 200], connections });
	});

	test("until the service ends it", async () => {
		await using service = await RawService.open((socket) => socket.end(answerBytes("hi")));
		const ended = async () => {
			const [socket] = service.connections;
			if (socket?.destroyed === false) await once(socket, "close");
		};
		expect(await askTwice(service, {}, ended)).toEqual({ statuses: [200, 200], connections: [1, 2] });
	});

	test("until it brings a byte that belongs to no answer", async () => {
		await using service = await RawService.open((socket) => socket.write(answerBytes("hi")));
		const speak = async () => {
			const [socket] = service.connections;
			socket?.write(answerBytes("poison"));
			if (socket?.destroyed === false) await once(socket, "close");
		};
		expect(await askTwice(service, {}, speak)).toEqual({ statuses: [200, 200], connections: [1, 2] });
	});
});

describe("a request on a kept connection that the service closes without an answer", () => {
	/** Answers the first request of each connection, and ends it at the second. */
	const closing = (partial = "") => {
		return RawService.open((socket, count) => {
			if (count === 1) socket.write(answerBytes("hi"));
			else socket.end(partial);
		});
	};

	test.each(["GET", "DELETE", "OPTIONS"])("is sent once more when it is a %s", async (method) => {
		await using service = await closing();
		expect(await askTwice(service, { method })).toEqual({ statuses: [200, 200], connections: [1, 1, 2] });
	});

	test("is sent once more with its body, when that may arrive twice", async () => {
		await using service = await closing();
		const put = { method: "PUT", body: "stored" };
		expect(await askTwice(service, put)).toEqual({ statuses: [200, 200], connections: [1, 1, 2] });
		for (const { text } of service.requests) expect(text).toMatch(/^PUT .*\r\n\r\nstored$/s);
	});

	test.each(["POST", "PATCH"])("is not when it is a %s, which may have been done", async (method) => {
		await using service = await closing();
		const write = { method, body: "order" };
		expect(await askTwice(service, write)).toEqual({ statuses: [200, 502], connections: [1, 1] });
	});

	test("is not when its body is too large to be kept", async () => {
		await using service = await closing();
		const put = { method: "PUT", body: "x".repeat(100_000) };
		expect(await askTwice(service, put)).toEqual({ statuses: [200, 502], connections: [1, 1] });
	});

	test("is not when a part of an answer came", async () => {
		await using service = await closing("HTTP/1.1 200");
		expect(await askTwice(service)).toEqual({ statuses: [200, 502], connections: [1, 1] });
	});

	test("is not when it fails on a fresh connection", async () => {
		await using service = await RawService.open((socket) => socket.end());
		const url = await system.open({ proxy: { "/app": service.url } });
		expect((await fetch(`${url}/app`)).status).toBe(502);
		expect(service.requests).toHaveLength(1);
	});

	test("is not a third time", async () => {
		await using service = await RawService.open((socket, count, { requests }) => {
			if (count === 1 && requests.length === 1) socket.write(answerBytes("hi"));
			else socket.end();
		});
		expect(await askTwice(service)).toEqual({ statuses: [200, 502], connections: [1, 1, 2] });
	});
});

test("a service that closes at every chance loses no read", async () => {
	await using service = await RawService.open((socket) => {
		socket.write(answerBytes("hi"));
		// A server whose time is up behaves like this: its end crosses the next request.
		setTimeout(() => socket.end(), Math.random() * 4);
	});
	const url = await system.open({ proxy: { "/app": service.url } });
	const statuses: number[] = [];
	for (let count = 0; count < 100; count++) {
		const answer = await fetch(`${url}/app`);
		await answer.text();
		statuses.push(answer.status);
	}
	expect(statuses.filter((status) => status !== 200)).toEqual([]);
});
