import { afterEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { Pipe } from "../transport/pipe.ts";
import { ClientConnection } from "./client-connection.ts";
import { framesCallee } from "./frames-callee.ts";
import { FramesPeer } from "./frames-peer.ts";
import { memoryPipes } from "./memory-pipe.ts";
import { ServerConnection } from "./server-connection.ts";
import { jsonOnly } from "./wire/settings-frame.ts";

const text = z.object({ text: z.string() });
const Echo = contract("echo", {
	echo: method({ input: text, output: text }),
	join: method({ input: stream(text), output: text }),
});

function dial(): Pipe {
	const endpoints = new Endpoints();
	endpoints.serve(Echo, {
		echo: async (input) => input,
		async join(input) {
			let all = "";
			for await (const { text } of input) all += text;
			return { text: all };
		},
	});
	const [near, far] = memoryPipes();
	new ServerConnection(far, endpoints);
	return near;
}

/** A pipe that throws when it is written to, as soon as it is told to. */
function breakable(pipe: Pipe): { pipe: Pipe; break(): void } {
	let isBroken = false;
	const write = (bytes: Uint8Array): boolean => {
		if (isBroken) throw new Error("broken pipe");
		return pipe.write(bytes);
	};
	return {
		pipe: {
			peer: pipe.peer,
			start: (handler) => pipe.start(handler),
			write,
			schedule: (flush, idle, more) => pipe.schedule(flush, idle, more),
			end: () => pipe.end(),
			destroy: () => pipe.destroy(),
		},
		break: () => {
			isBroken = true;
		},
	};
}

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of cleanUp.splice(0)) await end();
});

test("calls whose pipe breaks while they are sent fail at once, and the next goes by another connection", async () => {
	const first = breakable(dial());
	const pipes = [first.pipe, dial()];
	const dialled = vi.fn(async () => pipes.shift() ?? dial());
	const peer = new FramesPeer("memory://echo", dialled);
	cleanUp.push(() => peer.close());
	const echo = peer.endpoint(Echo.echo);
	const ctx = Context.background();
	await echo({ text: "one" }, ctx);
	first.break();
	// More than goes out in one write, so that some of the calls are sent within the call of another.
	const calls = Array.from({ length: 100 }, () => echo({ text: "two" }, ctx));
	const outcomes = await Promise.allSettled(calls);
	const failed = outcomes.filter(({ status }) => status === "rejected");
	expect(failed.length).toBeGreaterThanOrEqual(32);
	for (const outcome of failed) {
		expect(outcome).toMatchObject({
			reason: { code: "unavailable", message: expect.stringContaining("broken pipe") },
		});
	}
	expect(await echo({ text: "three" }, ctx)).toEqual({ text: "three" });
	expect(dialled).toHaveBeenCalledTimes(2);
});

test.each([
	[
		"its context has ended",
		() => {
			const { ctx, cancel } = Context.background().withCancel();
			cancel();
			return ctx;
		},
	],
	["its deadline has passed", () => Context.background().withTimeout(0)],
])("a call is not kept where %s before it is sent", async (_, context) => {
	const connection = new ClientConnection(dial(), jsonOnly);
	await connection.ready;
	const callee = framesCallee(Echo.echo, []);
	const encoding = connection.encodingFor(callee);
	const body = encoding.codecs.input.encode({ text: "one" });
	const call = connection.begin(callee, encoding, body, context());
	await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/canceled|deadline_exceeded/) });
	connection.drain();
	// It would wait for a call that it kept.
	await connection.closed;
});
