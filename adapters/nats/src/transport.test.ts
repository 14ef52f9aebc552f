import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import {
	type Client,
	Context,
	createClient,
	Endpoints,
	isServiceError,
	type Logger,
	type ServiceError,
} from "@allium/core";
import type { Listener, Transport } from "@allium/core/transport";
import { ServiceProcess } from "@allium/testing/process";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { Calculator, calculator } from "./fixtures/calculator.ts";
import { type NatsTransportOptions, transport } from "./transport.ts";

/** Closes something once the test is over, and returns it. */
function closing<T extends { close(): Promise<unknown> }>(what: T): T {
	onTestFinished(async () => void (await what.close()));
	return what;
}

async function listening(nats: Transport, address?: string): Promise<Listener> {
	const endpoints = new Endpoints();
	endpoints.serve(Calculator, calculator);
	return closing(await nats.listen(endpoints, address === undefined ? {} : { address }));
}

/** A client without layers, of the address of a listener. */
function clientOf(
	nats: Transport,
	listener: { readonly addresses: readonly string[] },
): Client<typeof Calculator> {
	const [url = ""] = listener.addresses;
	const client = createClient(Calculator, { url, transports: [nats], middleware: [], attempt: [] });
	onTestFinished(() => client[Symbol.asyncDispose]());
	return client;
}

async function failure(call: Promise<unknown>): Promise<ServiceError> {
	const error: unknown = await call.then(
		() => new Error("it did not fail"),
		(reason: unknown) => reason,
	);
	if (!isServiceError(error)) throw error;
	return error;
}

/** A server with a configuration of the test's. */
async function configured(program: string, configuration: string): Promise<ServerProcess> {
	const folder = await mkdtemp(join(tmpdir(), "allium-nats-"));
	onTestFinished(() => rm(folder, { recursive: true }));
	const path = join(folder, "nats.conf");
	writeFileSync(path, configuration);
	return closing(await startServer(natsServer({ file: program, args: ["-c", path] })));
}

describeServer("nats-2.9", (program) => {
	let server: ServerProcess;
	let url: string;
	beforeAll(async () => {
		server = await startServer(natsServer({ file: program }));
		url = `nats://127.0.0.1:${server.port}`;
	});
	afterAll(() => server.close());

	describe("calls over NATS", () => {
		test("go to the instance at a subject, whose address names neither server nor credentials", async () => {
			const listener = await listening(transport(url, { namespace: "eu.west" }));
			expect(listener.addresses).toEqual([
				expect.stringMatching(/^nats:\/\/allium-pipes\.eu=2Ewest\.[0-9a-f]{32}$/),
			]);
			expect(await clientOf(transport(url), listener).sum({ a: 1, b: 2 })).toEqual({ v: 3 });
		});

		test("fail before they are sent where nobody listens", async () => {
			const address = "nats://allium-pipes.default.nobody";
			const error = await failure(clientOf(transport(url), { addresses: [address] }).sum({ a: 1, b: 2 }));
			expect(error).toMatchObject({
				code: "unavailable",
				notExecuted: true,
				message: `cannot reach ${address}: nobody listens there`,
			});
		});

		test("refuse an address of another form", async () => {
			expect(() => transport(url).dial("nats://user:secret@host:4222")).toThrow("is no address over NATS");
		});

		test("carry messages that are larger than the server takes", async () => {
			const small = await configured(program, "max_payload: 4096");
			const nats = transport(`nats://127.0.0.1:${small.port}`);
			const client = clientOf(nats, await listening(nats));
			const a = "x".repeat(1_000_000);
			expect((await client.concat({ a })).v.length).toBe(2_000_000);
		});

		test("end soon after the process at the other end was killed", async () => {
			const file = new URL("./fixtures/listening-process.ts", import.meta.url).pathname;
			const subject = `allium-pipes.default.killed${Date.now()}`;
			await using instance = ServiceProcess.run(file, { args: [url, subject] });
			await instance.says(/listening/);
			const client = clientOf(transport(url), { addresses: [`nats://${subject}`] });
			expect(await client.sum({ a: 1, b: 2 })).toEqual({ v: 3 });
			const hanging = failure(client.hang({}, Context.background()));
			await client.sum({ a: 1, b: 2 });
			instance.signal("SIGKILL");
			expect(await hanging).toMatchObject({ code: "unavailable", notExecuted: false });
			expect(await failure(client.sum({ a: 1, b: 2 }))).toMatchObject({
				code: "unavailable",
				notExecuted: true,
			});
		});

		test("leave nothing open", async () => {
			const opened = (): number =>
				process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind)).length;
			const before = opened();
			const nats = transport(url);
			const endpoints = new Endpoints();
			endpoints.serve(Calculator, calculator);
			const listener = await nats.listen(endpoints);
			const [address = ""] = listener.addresses;
			const client = createClient(Calculator, { url: address, transports: [nats] });
			await client.sum({ a: 1, b: 2 });
			await client[Symbol.asyncDispose]();
			await listener.close();
			// vi.waitFor would count its own timers.
			while (opened() > before) await setImmediate();
		});
	});

	describe("a server that is killed under load", () => {
		test("leaves no call unsettled, and calls go on when it is back", async () => {
			const mortal = closing(await startServer(natsServer({ file: program })));
			const logged: string[] = [];
			const logger: Logger = { log: (_, message) => void logged.push(message) };
			const mortalUrl = `nats://127.0.0.1:${mortal.port}`;
			const listener = await listening(transport(mortalUrl, { logger }));
			const client = clientOf(transport(mortalUrl), listener);
			await client.sum({ a: 1, b: 2 });

			for (let round = 0; round < 3; round++) {
				let isOver = false;
				const outcomes = { ok: 0, unavailable: 0 };
				const callers = Array.from({ length: 64 }, async () => {
					while (!isOver) {
						await client.sum({ a: 1, b: 2 }).then(
							() => outcomes.ok++,
							(error) => {
								expect(error).toMatchObject({ code: "unavailable" });
								outcomes.unavailable++;
							},
						);
						await setImmediate();
					}
				});
				const hanging = Array.from({ length: 64 }, () => failure(client.hang({})));
				await vi.waitFor(() => expect(outcomes.ok).toBeGreaterThan(1_000));
				await mortal.kill();
				for (const error of await Promise.all(hanging)) expect(error).toMatchObject({ code: "unavailable" });
				isOver = true;
				await Promise.all(callers);
				await mortal.restart();
				await vi.waitFor(async () => expect(await client.sum({ a: 1, b: 2 })).toEqual({ v: 3 }));
			}
			expect(logged.filter((message) => message.startsWith("nobody can call over NATS"))).toHaveLength(3);
			expect(logged.filter((message) => message === "NATS is reached again")).toHaveLength(3);
		});

		test("that hangs instead is given up, and calls go on over a new connection", async () => {
			const hung = closing(await startServer(natsServer({ file: program })));
			const nats = transport(`nats://127.0.0.1:${hung.port}`);
			const client = clientOf(nats, await listening(transport(`nats://127.0.0.1:${hung.port}`)));
			await client.sum({ a: 1, b: 2 });
			hung.suspend();
			const ctx = Context.background().withTimeout(200);
			expect(await failure(client.sum({ a: 1, b: 2 }, ctx))).toMatchObject({ code: "deadline_exceeded" });
			hung.resume();
			await vi.waitFor(async () => expect(await client.sum({ a: 1, b: 2 })).toEqual({ v: 3 }));
		});
	});

	describe("a cluster of servers", () => {
		/** A server of a cluster whose first member has the given port for routes, or is it. */
		const member = (first?: ServerProcess): Promise<ServerProcess> =>
			startServer({
				...natsServer({ file: program }),
				ports: 2,
				args: ({ ports: [port, routes] }) => [
					...["-a", "127.0.0.1", "-p", String(port), "--cluster_name", "test"],
					...["--cluster", `nats://127.0.0.1:${routes}`],
					...(first === undefined ? [] : ["--routes", `nats://127.0.0.1:${first.ports[1]}`]),
				],
			});

		test("carries calls between processes at different servers, from the first call on", async () => {
			const first = closing(await member());
			const second = closing(await member(first));
			const listener = await listening(transport(`nats://127.0.0.1:${first.port}`));
			const call = (): Promise<unknown> =>
				clientOf(transport(`nats://127.0.0.1:${second.port}`), listener).sum({ a: 1, b: 2 });
			await vi.waitFor(call);
			for (let caller = 0; caller < 20; caller++) expect(await call()).toEqual({ v: 3 });
		});

		test("carries calls on when one of its servers is killed", async () => {
			const first = closing(await member());
			const second = closing(await member(first));
			const servers = `nats://127.0.0.1:${first.port},127.0.0.1:${second.port}`;
			const client = clientOf(transport(servers), await listening(transport(servers)));
			const called = () => vi.waitFor(async () => expect(await client.sum({ a: 1, b: 2 })).toEqual({ v: 3 }));
			await called();
			await first.kill();
			await called();
			await first.restart();
			await second.kill();
			await called();
		});
	});

	describe("what keeps calls from going over NATS", () => {
		test("is told in a sentence: no server", async () => {
			const nats = transport("nats://127.0.0.1:1");
			await expect(listening(nats)).rejects.toMatchObject({
				code: "unavailable",
				message: expect.stringContaining("no NATS server answers at nats://127.0.0.1:1"),
			});
			const error = await failure(
				clientOf(nats, { addresses: ["nats://allium-pipes.default.a"] }).sum({ a: 1, b: 2 }),
			);
			expect(error).toMatchObject({ code: "unavailable", notExecuted: true });
		});

		test("is told in a sentence: credentials, and a lack of permissions on either side", async () => {
			const strict = await configured(
				program,
				`authorization { users: [
					{ user: all, password: pw }
					{ user: caller, password: pw, permissions: { publish: ["other.>"], subscribe: ["_INBOX.>"] } }
					{ user: service, password: pw, permissions: { publish: [">"], subscribe: ["_INBOX.>"] } }
				] }`,
			);
			const of = (user: string): Transport => transport(`nats://${user}:pw@127.0.0.1:${strict.port}`);
			await expect(listening(of("stranger"))).rejects.toThrow("refused the credentials");
			await expect(listening(of("service"))).rejects.toThrow(
				'does not let this user subscribe to "allium-pipes.default.',
			);
			const error = await failure(clientOf(of("caller"), await listening(of("all"))).sum({ a: 1, b: 2 }));
			expect(error).toMatchObject({ code: "unavailable", notExecuted: true });
			expect(error.message).toMatch(/permissions violation for publish to/i);
		});
	});

	test("the permissions that the guide lists are enough", async () => {
		const strict = await configured(
			program,
			`authorization { users: [
				{ user: service, password: pw, permissions: {
					publish: ["_INBOX.>"], subscribe: ["allium-pipes.default.>", "allium.default.>"] } }
				{ user: caller, password: pw, permissions: {
					publish: ["allium-pipes.default.>"], subscribe: ["_INBOX.>"] } }
				{ user: plain, password: pw, permissions: { publish: ["allium.default.>"], subscribe: ["_INBOX.>"] } }
			] }`,
		);
		const of = (user: string): string => `nats://${user}:pw@127.0.0.1:${strict.port}`;
		const listener = await listening(transport(of("service")));
		expect(await clientOf(transport(of("caller")), listener).sum({ a: 1, b: 2 })).toEqual({ v: 3 });
		const servers = `127.0.0.1:${strict.port}`;
		const plain = closing(await connect({ servers, user: "plain", pass: "pw" }));
		const reply = await plain.request("allium.default.calculator.sum", '{"a":1,"b":2}', { timeout: 10_000 });
		expect(reply.json()).toEqual({ v: 3 });
	});

	describe("a plain request", () => {
		let plain: NatsConnection;
		beforeAll(async () => {
			plain = await connect({ servers: url });
		});
		afterAll(() => plain.close());

		const request = (subject: string, body: string, all = headers()) =>
			plain.request(subject, body, { timeout: 10_000, headers: all });

		async function serving(options?: NatsTransportOptions): Promise<void> {
			await listening(transport(url, options));
		}

		test("is answered in JSON", async () => {
			await serving();
			const reply = await request("allium.default.calculator.sum", '{"a":1,"b":2}');
			expect(reply.json()).toEqual({ v: 3 });
		});

		test("reaches one of the instances, in its own namespace", async () => {
			await serving({ namespace: "shop.eu" });
			await serving({ namespace: "shop.eu" });
			const reply = await request("allium.shop=2Eeu.calculator.sum", '{"a":1,"b":2}');
			expect(reply.json()).toEqual({ v: 3 });
			const missing = plain.request("allium.default.calculator.sum", '{"a":1,"b":2}', { timeout: 10_000 });
			await expect(missing).rejects.toThrow(/no responders/i);
		});

		test("that fails is answered with the error of the Connect protocol, and the headers of NATS services", async () => {
			await serving();
			const reply = await request("allium.default.calculator.sum", '{"a":0,"b":0}');
			expect(reply.json()).toMatchObject({ code: "invalid_argument", message: "can't sum two zeroes" });
			expect(reply.headers?.get("Nats-Service-Error")).toBe("can't sum two zeroes");
			expect(reply.headers?.get("Nats-Service-Error-Code")).toBe("400");
		});

		test.each([
			["calculator.sum", "{", "invalid_argument"],
			["calculator.sum", '{"a":1,"b":"two"}', "invalid_argument"],
			["calculator.minus", "{}", "unimplemented"],
			["calculator.count", '{"upTo":3}', "unimplemented"],
		])("of %s with %s is answered with %3$s", async (path, body, code) => {
			await serving();
			const reply = await request(`allium.default.${path}`, body);
			expect(reply.json()).toMatchObject({ code });
		});

		test("carries metadata as headers, in both directions", async () => {
			const endpoints = new Endpoints();
			endpoints.serve(Calculator, {
				...calculator,
				async concat({ a }, ctx) {
					ctx.response.headers.set("x-tenant", String(ctx.metadata.get("x-tenant")));
					ctx.response.trailers.set("x-cost", "2");
					return { v: a };
				},
			});
			closing(await transport(url, { namespace: "headers" }).listen(endpoints));
			const all = headers();
			all.set("X-Tenant", "acme");
			const reply = await request("allium.headers.calculator.concat", '{"a":"hi"}', all);
			expect(reply.json()).toEqual({ v: "hi" });
			expect(reply.headers?.get("x-tenant")).toBe("acme");
			expect(reply.headers?.get("trailer-x-cost")).toBe("2");
		});

		test("ends at the time that its header says, though its handler hangs", async () => {
			await serving();
			const all = headers();
			all.set("Connect-Timeout-Ms", "50");
			const reply = await request("allium.default.calculator.hang", "", all);
			expect(reply.json()).toMatchObject({ code: "deadline_exceeded" });
		});
	});
});
