import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import { afterSilence } from "./silence.ts";

describe("a silence", () => {
	test("is told once, when it has lasted for the time", () => {
		vi.useFakeTimers();
		const run = vi.fn();
		afterSilence(1_000, run);
		vi.advanceTimersByTime(999);
		expect(run).not.toHaveBeenCalled();
		vi.advanceTimersByTime(1_000);
		expect(run).toHaveBeenCalledTimes(1);
		expect(vi.getTimerCount()).toBe(0);
		vi.useRealTimers();
	});

	test.each([0, 250, 500, 999])("that was broken after %d ms is not told", (milliseconds) => {
		vi.useFakeTimers();
		const run = vi.fn();
		const timer = afterSilence(1_000, run);
		vi.advanceTimersByTime(milliseconds);
		timer.stop();
		timer.stop();
		vi.advanceTimersByTime(10_000);
		expect(run).not.toHaveBeenCalled();
		expect(vi.getTimerCount()).toBe(0);
		vi.useRealTimers();
	});

	test("is none where this thread was too busy to hear what came", async () => {
		const server = new Worker(
			`const { createServer } = require("node:net");
			const { parentPort } = require("node:worker_threads");
			const server = createServer((socket) => socket.on("data", () => socket.write("there")));
			server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
			{ eval: true },
		);
		const [port] = await once(server, "message");
		const socket = connect(port, "127.0.0.1");
		await once(socket, "connect");
		const silent = vi.fn();
		const timer = afterSilence(200, silent);
		const heard = once(socket, "data");
		socket.write("are you there?");
		await new Promise((resolve) => setImmediate(resolve));
		// This thread is busy.
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
		await heard;
		timer.stop();
		expect(silent).not.toHaveBeenCalled();
		socket.destroy();
		await server.terminate();
	});
});
