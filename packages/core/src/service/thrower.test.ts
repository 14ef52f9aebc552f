import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { noMetadata } from "../context/metadata.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import type { Guard } from "../endpoint/guard.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { ServeOptions } from "./serve.ts";
import { ServerCall } from "./server-call.ts";
import type { Service } from "./service.ts";

const C = contract("c", {
	one: method({ output: z.object({ n: z.int() }) }),
	nothing: method({}),
	some: method({ output: stream(z.int()) }),
});

const service: Service<typeof C> = {
	one: async () => ({ n: 1 }),
	nothing: async () => {},
	async *some() {
		yield 1;
	},
};

interface Scene {
	service?: Partial<Service<typeof C>>;
	options?: ServeOptions<typeof C>;
	guard?: Guard;
	method?: "one" | "nothing" | "some";
}

/** The message that is logged for a call that fails. */
async function logged({ service: changes, options, guard, method: name = "one" }: Scene): Promise<string> {
	const log = vi.fn();
	const endpoints = new Endpoints({ guard, logger: { log } });
	endpoints.serve(C, { ...service, ...changes }, options);
	const call = new ServerCall(endpoints, {
		path: `c/${name}`,
		metadata: noMetadata,
		peer: { address: "test" },
		timeoutMs: 1_000,
	});
	const run = async () => {
		const output = await call.run(() => ({}));
		if (name === "some") await Array.fromAsync(output as AsyncIterable<unknown>);
	};
	await expect(run()).rejects.toMatchObject({ code: "internal", message: "internal error" });
	expect(log).toHaveBeenCalledTimes(1);
	return log.mock.calls[0]?.[1];
}

const bug = (): never => {
	throw new TypeError("a bug");
};
const pass: Middleware = (next) => next;
const late: Middleware = (next) => async (input, ctx) => {
	await next(input, ctx);
	bug();
};

describe("the log names the source of an undeclared error", () => {
	test.each<[string, Scene, string]>([
		["a handler", { service: { one: async () => bug() } }, "the handler threw"],
		["a handler, at once", { service: { one: bug } }, "the handler threw"],
		["a handler without output", { service: { nothing: bug }, method: "nothing" }, "the handler threw"],
		[
			"a handler inside middleware",
			{ service: { one: async () => bug() }, options: { middleware: [pass] } },
			"the handler threw",
		],
		["a guard", { guard: bug }, "the guard threw"],
		[
			"middleware, before the handler",
			{ options: { middleware: [() => bug] } },
			"middleware or a schema, before the handler ran, threw",
		],
		[
			"middleware, after the handler",
			{ options: { middleware: [late] } },
			"middleware, after the handler ran, threw",
		],
		[
			"a handler whose outputs are not looked at",
			{ service: { one: async () => bug() }, options: { validateOutput: false } },
			"the handler, or middleware around it, threw",
		],
		[
			"a stream",
			{
				service: {
					async *some() {
						yield 1;
						bug();
					},
				},
				method: "some",
			},
			"the stream of the handler threw",
		],
	])("%s", async (_, scene, message) => {
		expect(await logged(scene)).toBe(`${message} what the method does not declare`);
	});

	test.each<[string, Scene]>([
		["an output", { service: { one: async () => ({ n: 1.5 }) } }],
		[
			"a message of a stream",
			{
				service: {
					async *some() {
						yield 1.5;
					},
				},
				method: "some",
			},
		],
	])("%s that its schema does not accept is told as such", async (_, scene) => {
		expect(await logged(scene)).toBe("the handler returned what the output of its method does not allow");
	});
});
