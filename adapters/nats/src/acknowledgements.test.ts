import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { JetStreamApiError, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection as Client, connect, errors, headers } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Acknowledgements } from "./acknowledgements.ts";
import { isJetStreamMissing } from "./failure.ts";

describeServer("nats-2.10", (file) => {
	let folder: string;
	let server: ServerProcess;
	let client: Client;
	let acknowledgements: Acknowledgements;

	beforeEach(async () => {
		folder = mkdtempSync(join(tmpdir(), "allium-nats-"));
		const config = join(folder, "nats.conf");
		const permissions = '{ publish: { deny: ["stored.no"] } }';
		writeFileSync(config, `authorization { users: [{ user: u, password: p, permissions: ${permissions} }] }`);
		server = await startServer(natsServer({ file, args: ["-c", config] }));
		client = await connect({
			servers: `127.0.0.1:${server.port}`,
			user: "u",
			pass: "p",
			reconnectTimeWait: 10,
		});
		await (await jetstreamManager(client)).streams.add({ name: "stored", subjects: ["stored.*"] });
		acknowledgements = new Acknowledgements(client);
	});

	afterEach(async () => {
		await client.close();
		await server.close();
		rmSync(folder, { recursive: true, force: true });
	});

	function publish(subject: string, ...pairs: [string, string][]) {
		const made = headers();
		for (const [name, value] of pairs) made.set(name, value);
		return acknowledgements.publish(subject, "x", made);
	}

	async function reconnected(): Promise<void> {
		for await (const { type } of client.status()) if (type === "reconnect") return;
	}

	test("messages are acknowledged with their places, each to its own caller", async () => {
		const acks = await Promise.all(Array.from({ length: 100 }, () => publish("stored.a")));
		expect(acks.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
	});

	test("a message that was there before is told, with its place", async () => {
		const first = await publish("stored.a", ["Nats-Msg-Id", "1"]);
		expect(first.duplicate ?? false).toBe(false);
		await publish("stored.a");
		expect(await publish("stored.a", ["Nats-Msg-Id", "1"])).toMatchObject({
			seq: first.seq,
			duplicate: true,
		});
	});

	test("a message that the server refuses rejects with its error", async () => {
		await publish("stored.a");
		const refused = publish("stored.a", ["Nats-Expected-Last-Subject-Sequence", "7"]);
		await expect(refused).rejects.toSatisfy(
			(error) => error instanceof JetStreamApiError && error.code === 10_071,
		);
	});

	test("a message that no stream stores rejects at once", async () => {
		await expect(publish("nowhere.a")).rejects.toSatisfy(isJetStreamMissing);
	});

	test("a message that the user may not publish rejects at once, and no other one", async () => {
		const [refused, stored] = await Promise.allSettled([publish("stored.no"), publish("stored.a")]);
		expect(refused).toMatchObject({ reason: expect.any(errors.PermissionViolationError) });
		expect(stored).toMatchObject({ value: { seq: 1 } });
	});

	test("what is not acknowledged when the connection is lost rejects; later messages are acknowledged", async () => {
		await publish("stored.a");
		// An answer to this subject comes from nobody.
		client.subscribe("silent");
		const lost = publish("silent");
		const rejected = expect(lost).rejects.toThrow("the connection is lost");
		await client.flush();
		const back = reconnected();
		await client.reconnect();
		await rejected;
		await back;
		expect(await publish("stored.a")).toMatchObject({ seq: 2 });
	});

	test("what is not acknowledged when the client is closed rejects", async () => {
		client.subscribe("silent");
		const rejected = expect(publish("silent")).rejects.toThrow("the connection is lost");
		await client.close();
		await rejected;
	});
});
