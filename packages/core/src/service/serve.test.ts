import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { noMetadata } from "../context/metadata.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { silentLogger } from "../logger/logger.ts";
import { Endpoints } from "../server/endpoints.ts";
import { serveMethod } from "./serve.ts";
import { ServerCall } from "./server-call.ts";
import type { Service, ServiceMiddleware } from "./service.ts";

const number = z.object({ n: z.int() });
const C = contract("c", {
	double: method({ input: number, output: number }),
	count: method({ input: number, output: stream(number) }),
});
const ctx = Context.background();
const service: Service<typeof C> = {
	async double({ n }) {
		return { n: n * 2 };
	},
	async *count({ n }) {
		for (let i = 1; i <= n; i++) yield { n: i };
	},
};

describe("the onion", () => {
	test("is guard, the server's middleware, validation, middleware, service middleware, service", async () => {
		const seen: string[] = [];
		const spied = number.refine(() => seen.push("validate") > 0);
		const Spied = contract("spied", { run: method({ input: spied }) });
		const layer =
			(name: string): Middleware =>
			(next) =>
			async (input, ctx) => {
				seen.push(name);
				return next(input, ctx);
			};
		const serviceLayer =
			(name: string): ServiceMiddleware<typeof Spied> =>
			(next) => ({
				async run(input, ctx) {
					seen.push(name);
					await next.run(input, ctx);
				},
			});
		const endpoints = new Endpoints({
			guard: (_, ctx) => {
				seen.push("guard");
				return ctx;
			},
			middleware: [layer("server 1"), layer("server 2")],
		});
		const handler = { run: async () => void seen.push("service") };
		endpoints.serve(Spied, handler, {
			middleware: [layer("middleware 1"), layer("middleware 2")],
			service: [serviceLayer("service middleware 1"), serviceLayer("service middleware 2")],
		});

		const call = new ServerCall(endpoints, {
			path: "spied/run",
			metadata: noMetadata,
			peer: { address: "test" },
			timeoutMs: 1000,
		});
		await call.run(() => {
			seen.push("decode");
			return { n: 1 };
		});

		expect(seen).toEqual([
			"guard",
			"decode",
			"server 1",
			"server 2",
			"validate",
			"middleware 1",
			"middleware 2",
			"service middleware 1",
			"service middleware 2",
			"service",
		]);
	});

	test("lets middleware answer with an error of its own", async () => {
		const refuse: Middleware = () => () =>
			Promise.reject(new ServiceError({ code: "resource_exhausted", retryAfterMs: 5 }));
		const { endpoint } = serveMethod(C.double, service, { middleware: [refuse] }, { logger: silentLogger });
		await expect(endpoint({ n: 1 }, ctx)).rejects.toMatchObject({
			code: "resource_exhausted",
			retryAfterMs: 5,
		});
	});

	test("never runs middleware for invalid input", async () => {
		const called = vi.fn();
		const watch: Middleware = (next) => (input, ctx) => {
			called();
			return next(input, ctx);
		};
		const { endpoint } = serveMethod(C.double, service, { middleware: [watch] }, { logger: silentLogger });
		await expect(endpoint({ n: "1" }, ctx)).rejects.toMatchObject({ reason: "invalid_input" });
		expect(called).not.toHaveBeenCalled();
	});

	test("lets the middleware of the server see invalid input fail", async () => {
		const seen = vi.fn();
		const watch: Middleware = (next) => (input, ctx) => {
			const reply = next(input, ctx);
			reply.catch(seen);
			return reply;
		};
		const layers = { outermost: [watch] };
		const { endpoint } = serveMethod(C.double, service, layers, { logger: silentLogger });
		await expect(endpoint({ n: "1" }, ctx)).rejects.toMatchObject({ reason: "invalid_input" });
		expect(seen).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "invalid_argument" }));
	});

	test("makes invalid output internal without detail, and logs it", async () => {
		const log = vi.fn();
		const wrong = { ...service, double: async () => ({ n: "secret" }) };
		const { endpoint } = serveMethod(C.double, wrong, {}, { logger: { log } });
		const caught = await endpoint({ n: 1 }, ctx).catch((error: ServiceError) => error);
		expect(caught).toMatchObject({ code: "internal", message: "internal error" });
		expect(log).toHaveBeenCalledExactlyOnceWith("error", expect.any(String), {
			method: "c/double",
			error: expect.objectContaining({ message: expect.stringContaining("invalid output of c/double") }),
		});
	});

	test("leaves outputs alone when told so", async () => {
		const wrong = { ...service, double: async () => ({ n: "text" }) };
		const { endpoint } = serveMethod(C.double, wrong, { validateOutput: false }, { logger: silentLogger });
		expect(await endpoint({ n: 1 }, ctx)).toEqual({ n: "text" });
	});
});

describe("a handler", () => {
	test("keeps its this, with private state", async () => {
		class Counting implements Service<typeof C> {
			#calls = 0;
			async double() {
				return { n: ++this.#calls };
			}
			async *count() {
				yield { n: this.#calls };
			}
		}
		const { endpoint } = serveMethod(C.double, new Counting(), {}, { logger: silentLogger });
		await endpoint({ n: 0 }, ctx);
		expect(await endpoint({ n: 0 }, ctx)).toEqual({ n: 2 });
	});

	test("that throws at once looks to middleware like one that rejects", async () => {
		const failed = vi.fn(() => ({ n: 0 }));
		const watch: Middleware = (next) => (input, ctx) => next(input, ctx).catch(failed);
		const bad = {
			...service,
			double() {
				throw new Error("bug");
			},
		};
		const { endpoint } = serveMethod(
			C.double,
			bad,
			{ middleware: [watch], validateOutput: false },
			{ logger: silentLogger },
		);
		await endpoint({ n: 1 }, ctx);
		expect(failed).toHaveBeenCalledOnce();
	});

	test("of a stream is accepted at once and runs as it is read", async () => {
		const ran = vi.fn();
		const lazy = {
			...service,
			async *count() {
				ran();
				yield { n: 1 };
			},
		};
		const { endpoint } = serveMethod(C.count, lazy, {}, { logger: silentLogger });
		const output = (await endpoint({ n: 1 }, ctx)) as AsyncIterable<unknown>;
		expect(ran).not.toHaveBeenCalled();
		expect(await Array.fromAsync(output)).toEqual([{ n: 1 }]);
	});

	test("of a stream stops where its reader breaks out", async () => {
		const stopped = vi.fn();
		const endless = {
			...service,
			async *count() {
				try {
					for (let n = 0; ; n++) yield { n };
				} finally {
					stopped();
				}
			},
		};
		const { endpoint } = serveMethod(C.count, endless, {}, { logger: silentLogger });
		for await (const _ of (await endpoint({ n: 1 }, ctx)) as AsyncIterable<unknown>) break;
		expect(stopped).toHaveBeenCalledOnce();
	});
});
