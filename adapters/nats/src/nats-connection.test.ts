import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isServiceError } from "@allium/core";
import type { Share } from "@allium/core/adapter";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { nkeys } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type NatsConnection, natsConnection } from "./nats-connection.ts";
import { type NatsOptions, parseNatsUrl } from "./nats-url.ts";

const user = nkeys.createUser();
let folder: string;
let shares: Share<NatsConnection>[] = [];

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-nats-"));
});
afterEach(async () => {
	await Promise.all(shares.map(({ release }) => release()));
	shares = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

async function open(url: string, options: NatsOptions = {}, scope: object = {}): Promise<NatsConnection> {
	const share = await natsConnection(parseNatsUrl(url, options, []).address, scope);
	shares.push(share);
	return share.resource;
}

async function failure(opening: Promise<unknown>): Promise<string> {
	const error = await opening.then(
		() => expect.unreachable("it succeeded"),
		(reason: unknown) => reason,
	);
	return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
}

function file(name: string, content: string | Uint8Array): string {
	const path = join(folder, name);
	writeFileSync(path, content);
	return path;
}

function configured(program: string, config: string): Promise<ServerProcess> {
	return startServer(natsServer({ file: program, args: ["-c", file(`${Math.random()}.conf`, config)] }));
}

test("a port where nobody listens is named in one sentence", async () => {
	const server = createServer().listen(0, "127.0.0.1");
	await vi.waitFor(() => expect(server.listening).toBe(true));
	const address = server.address();
	const port = typeof address === "object" ? address?.port : 0;
	server.close();
	expect(await failure(open(`nats://me:secret@127.0.0.1:${port}`))).toBe(
		`unavailable: no NATS server answers at nats://me:***@127.0.0.1:${port} (connection refused)`,
	);
});

test("a file of credentials that is missing or holds none is named", async () => {
	expect(await failure(open("nats://127.0.0.1:1?creds=/nowhere/x.creds"))).toContain(
		"failed_precondition: creds names the file /nowhere/x.creds, which cannot be read",
	);
	const path = file("empty.creds", "nothing");
	expect(await failure(open(`nats://127.0.0.1:1?creds=${path}`))).toContain(
		`failed_precondition: creds names the file ${path}, which holds none`,
	);
});

for (const version of ["nats-2.9", "nats-2.10"] as const) {
	describeServer(version, (program) => {
		test("knows the version of the server", async () => {
			await using server = await startServer(natsServer({ file: program }));
			const connection = await open(`nats://127.0.0.1:${server.port}`);
			expect(`nats-${connection.serverVersion}`).toContain(version);
			expect(connection.isAtLeast(2, 9)).toBe(true);
			expect(connection.isAtLeast(2, 99)).toBe(false);
			expect(connection.isAtLeast(3, 0)).toBe(false);
		});

		test("is shared by those of one process that use the same servers, and closed with the last", async () => {
			await using server = await startServer(natsServer({ file: program }));
			const scope = {};
			const url = `nats://127.0.0.1:${server.port}`;
			const [left, right, other] = [await open(url, {}, scope), await open(url, {}, scope), await open(url)];
			expect(left).toBe(right);
			expect(other).not.toBe(left);
			await shares[0]?.release();
			expect(left.client.isClosed()).toBe(false);
			await shares[1]?.release();
			expect(left.client.isClosed()).toBe(true);
			expect(other.client.isClosed()).toBe(false);
		});

		test("comes back after the server was killed, and tells of it; operations wait for it", async () => {
			await using server = await startServer(natsServer({ file: program }));
			const connection = await open(`nats://127.0.0.1:${server.port}`);
			const told: string[] = [];
			connection.listen({ lost: () => told.push("lost"), back: () => told.push("back") });
			const underWay = failure(connection.run(() => new Promise(() => {})));
			await server.kill();
			expect(await underWay).toContain("unavailable: there is no connection to the NATS server at nats://");
			expect(await failure(connection.run(async () => {}, { withinMs: 50 }))).toContain(
				"unavailable: there is no",
			);
			const waiting = connection.run((client) => client.flush(), { withinMs: 60_000 });
			await server.restart();
			await waiting;
			await vi.waitFor(() => expect(told).toEqual(["lost", "back"]));
			expect(connection.lossCount).toBe(1);
		});

		test("notices a server that hangs when an operation has no answer, and comes back after it goes on", async () => {
			await using server = await startServer(natsServer({ file: program }));
			const connection = await open(`nats://127.0.0.1:${server.port}`);
			server.suspend();
			const silent = await failure(connection.run((client) => client.flush(), { withinMs: 100 }));
			expect(silent).toMatch(/^unavailable: the NATS server at nats:\S+ did not answer within 100 ms$/);
			await vi.waitFor(() => expect(connection.isUp).toBe(false), { timeout: 30_000 });
			server.resume();
			await vi.waitFor(() => expect(connection.isUp).toBe(true), { timeout: 60_000 });
			await connection.run((client) => client.flush());
		});

		test("is kept when an answer was there in time, although this thread was too busy to read it", async () => {
			await using server = await startServer(natsServer({ file: program }));
			const connection = await open(`nats://127.0.0.1:${server.port}`);
			const answers = connection.answers(200);
			const operation = connection.run((client) => client.request("$JS.API.INFO", "", { timeout: 30_000 }), {
				withinMs: 200,
			});
			await new Promise((resolve) => setImmediate(resolve));
			// This thread is busy.
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
			expect(await answers).toBe(true);
			expect((await operation).string()).toContain("memory");
			expect([connection.isUp, connection.lossCount]).toEqual([true, 0]);
		});

		test("that is closed refuses instead of hanging", async () => {
			await using server = await startServer(natsServer({ file: program }));
			const connection = await open(`nats://127.0.0.1:${server.port}`);
			const underWay = failure(connection.run(() => new Promise(() => {})));
			await shares[0]?.release();
			expect(await underWay).toBe("failed_precondition: the connection to NATS is closed");
			expect(await failure(connection.run(async () => {}))).toContain("is closed");
		});

		test("that is closed while the server is away leaves nothing", async () => {
			const server = await startServer(natsServer({ file: program }));
			const connection = await open(`nats://127.0.0.1:${server.port}`);
			await server.close();
			await vi.waitFor(() => expect(connection.isUp).toBe(false));
			await shares[0]?.release();
			expect(connection.client.isClosed()).toBe(true);
		});

		describe("credentials", () => {
			let server: ServerProcess;
			let tokens: ServerProcess;
			let seed: string;

			beforeAll(async () => {
				seed = file("user.nk", user.getSeed());
				const users = `{ user: me, password: secret }, { nkey: ${user.getPublicKey()} }`;
				server = await configured(program, `authorization { users: [${users}] }`);
				tokens = await configured(program, "authorization { token: s3cret }");
			});
			afterAll(async () => {
				await server.close();
				await tokens.close();
			});

			test("of a user, of an nkey and a token are accepted", async () => {
				await open(`nats://me:secret@127.0.0.1:${server.port}`);
				await open(`nats://127.0.0.1:${server.port}?nkey=${seed}`);
				await open(`nats://127.0.0.1:${tokens.port}`, { token: "s3cret" });
			});

			test("that the server refuses are told in one sentence, which does not repeat them", async () => {
				const place = `127.0.0.1:${server.port}`;
				expect(await failure(open(`nats://me:wrong@${place}`))).toBe(
					`failed_precondition: the NATS server at nats://me:***@${place} refused the credentials; give those of a user that it knows`,
				);
				expect(await failure(open(`nats://${place}`))).toContain("refused the credentials");
				expect(await failure(open(`nats://127.0.0.1:${tokens.port}?token=wrong`))).not.toContain("wrong");
			});
		});
	});
}
