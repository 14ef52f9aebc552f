import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { describeServer } from "./describe-server.ts";
import {
	consulServer,
	etcdServer,
	natsServer,
	postgresServer,
	rabbitServer,
	redisServer,
	zookeeperServer,
} from "./known-servers.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

for (const name of ["nats-2.9", "nats-2.10", "nats-2.15"] as const) {
	describeServer(name, (file) => {
		test("answers with its version, and again after kill -9", async () => {
			await using server = await startServer(natsServer({ file }));
			await server.restart();
			expect(server.output).toContain(`Version:  ${name.slice("nats-".length)}`);
			expect(server.output).toContain("Starting JetStream");
		});
	});
}

describeServer("consul", (file) => {
	test("answers over HTTP", async () => {
		await using server = await startServer(consulServer({ file }));
		// It answers before it has registered itself.
		await vi.waitFor(async () => {
			const services = await fetch(`http://127.0.0.1:${server.port}/v1/catalog/services`);
			expect(await services.json()).toEqual({ consul: [] });
		});
	});
});

for (const name of ["etcd", "etcd-3.5"] as const) {
	describeServer(name, (file) => {
		test("keeps its data when it is killed and started again", async () => {
			await using server = await startServer(etcdServer({ file }));
			const post = (path: string, body: unknown): Promise<Response> =>
				fetch(`http://127.0.0.1:${server.port}/v3/kv/${path}`, {
					method: "POST",
					body: JSON.stringify(body),
				});
			const key = btoa("key");
			expect((await post("put", { key, value: btoa("value") })).status).toBe(200);
			await server.restart();
			expect(await (await post("range", { key })).json()).toMatchObject({
				kvs: [{ key, value: btoa("value") }],
			});
		});
	});
}

describeServer("postgres", (file) => {
	const psql = join(dirname(realpathSync(file)), "psql");
	const query = async ({ port }: ServerProcess, sql: string, password = ""): Promise<string> => {
		const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
		const { stdout } = await promisify(execFile)(psql, [url, "-Atc", sql]);
		return stdout.trim();
	};

	test("keeps what is committed when it is killed and started again, and asks for its password", async () => {
		await using server = await startServer(postgresServer({ file, password: "secret" }));
		await query(server, "CREATE TABLE kept AS SELECT 1 AS value", "secret");
		await server.restart();
		expect(await query(server, "SELECT value FROM kept", "secret")).toBe("1");
		await expect(query(server, "SELECT 1", "wrong")).rejects.toThrow("password authentication failed");
	});

	test("ends when it is asked to, although a client is connected", async () => {
		await using server = await startServer(postgresServer({ file }));
		const client = expect(query(server, "SELECT pg_sleep(3600)")).rejects.toThrow("terminating connection");
		const sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3600)'";
		await expect.poll(() => query(server, sleeping)).toBe("1");
		await server.stop();
		await client;
	});
});

describeServer("rabbitmq", (file) => {
	test("answers as AMQP 0-9-1, and again after kill -9", async () => {
		await using server = await startServer(rabbitServer({ file }));
		await server.restart();
		expect(server.output).toContain("RabbitMQ");
	});
});

describeServer("redis", (file) => {
	test("answers, and again after kill -9", async () => {
		await using server = await startServer(redisServer({ file, args: ["--requirepass", "secret"] }));
		await server.restart();
		expect(server.output).toContain("Ready to accept connections");
	});
});

describeServer("zookeeper", (file) => {
	test("answers, and again after kill -9", async () => {
		await using server = await startServer(zookeeperServer({ file }));
		await server.restart();
		expect(server.output).toContain("Using config");
	});
});
