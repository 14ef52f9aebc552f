import type { ServiceError } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { describeServer, type ServerProcess, startServer, zookeeperServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createNode, findNode } from "./nodes.ts";
import { ZooConnection } from "./zoo-connection.ts";
import { type SessionFollower, ZooSession } from "./zoo-session.ts";

const dead = { host: "127.0.0.1", port: 1 };
const ephemeral = { kind: "ephemeral", access: "world" } as const;

/** Notes the connections of a session. */
class Follower implements SessionFollower {
	readonly connections: ZooConnection[] = [];
	readonly errors: ServiceError[] = [];

	connected(connection: ZooConnection): void {
		this.connections.push(connection);
	}

	lost(error: ServiceError): void {
		this.errors.push(error);
	}
}

describeServer("zookeeper", (file) => {
	let server: ServerProcess;
	const sessions: ZooSession[] = [];

	beforeAll(async () => {
		server = await startServer(zookeeperServer({ file }));
	});
	afterAll(() => server.close());
	afterEach(() => {
		for (const session of sessions.splice(0)) session.close(true);
	});

	async function begun(timeoutMs = 6_000): Promise<{ session: ZooSession; follower: Follower }> {
		const servers = [dead, { host: "127.0.0.1", port: server.port }];
		const session = new ZooSession({ servers, tls: undefined, login: undefined, timeoutMs, base: "/allium" });
		sessions.push(session);
		await session.start();
		const follower = new Follower();
		session.follow(follower);
		return { session, follower };
	}

	/** Cuts the connection of a session. Resolves when there is another one. */
	async function cut({ connections }: Follower): Promise<void> {
		const { length } = connections;
		connections.at(-1)?.end(unavailable("cut"));
		await expect.poll(() => connections.length).toBe(length + 1);
	}

	test("the loss of a connection is not the loss of the session, and its nodes stay", async () => {
		const { session, follower } = await begun();
		const { id } = session;
		await session.run((connection) => createNode(connection, "/stays", "", ephemeral));
		await cut(follower);
		expect(session.id).toBe(id);
		expect(follower.errors).toEqual([unavailable("cut")]);
		expect(await session.run((connection) => findNode(connection, "/stays"))).toMatchObject({ owner: id });
	});

	test("a session that the servers have ended is followed by another one, without its nodes", async () => {
		const { session, follower } = await begun(2_000);
		const { id } = session;
		await session.run((connection) => createNode(connection, "/goes", "", ephemeral));
		const ticket = follower.connections[0]?.ticket;
		// Another client with the ticket of the session ends it. The server then silently drops our requests.
		const address = { server: { host: "127.0.0.1", port: server.port }, tls: undefined, login: undefined };
		const thief = await ZooConnection.open(
			{ ...address, limitMs: 100_000 },
			ticket ?? expect.fail("no ticket"),
		);
		thief.end(unavailable("done"), true);
		await expect.poll(() => session.id).not.toBe(id);
		await expect
			.poll(() => session.run((connection) => findNode(connection, "/goes")).catch(String))
			.toBe(undefined);
	});

	test("the servers bound the time of a session", async () => {
		// Between 2 and 20 ticks, of half a second each.
		expect((await begun(100)).session.timeoutMs).toBe(1_000);
		expect((await begun(60_000)).session.timeoutMs).toBe(10_000);
	});

	test("nothing is kept for later while there is no connection", async () => {
		const { session, follower } = await begun();
		follower.connections[0]?.end(unavailable("cut"));
		await expect(session.run((connection) => findNode(connection, "/"))).rejects.toMatchObject({
			code: "unavailable",
		});
	});

	test("a closed session says so, and leaves no connection", async () => {
		const { session, follower } = await begun();
		session.close(false);
		await expect(session.run((connection) => findNode(connection, "/"))).rejects.toMatchObject({
			code: "failed_precondition",
			message: "the registry is closed",
		});
		expect(follower.connections[0]?.isOver).toBe(true);
	});
});
