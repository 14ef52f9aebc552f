import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { Context, type Instance, type Registry, silentLogger } from "@allium/core";
import { keepRegistered } from "@allium/core/registry";
import { cartInstance as instance } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { afterEach, describe, expect, test } from "vitest";
import { type RunningRedis, startRedis } from "./fixtures/redis.ts";
import { registry } from "./index.ts";
import { putScript } from "./scripts.ts";

const background = Context.background();
/** The time to live of instances that nobody renews, and that stay for the whole test, in milliseconds. */
const keptMs = 600_000;
const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
	for (const close of open.splice(0).reverse()) await close();
});

async function started(program: string, args: readonly string[] = []): Promise<RunningRedis> {
	const redis = await startRedis(program, args);
	open.push(() => redis.server.close());
	return redis;
}

async function opened(url: string, options: { ttlMs?: number } = {}): Promise<Registry> {
	const made = await registry(url, { ttlMs: keptMs, ...options });
	open.push(() => made.close());
	return made;
}

/** Listens with a server that is no Redis. Returns its port. */
async function listening(server: Server): Promise<number> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	open.push(() => new Promise((resolve) => server.close(resolve)));
	const address = server.address();
	return typeof address === "object" && address !== null ? address.port : 0;
}

/** The events that a watch reports, as short text. */
function watched(source: Registry): string[] {
	const told: string[] = [];
	const consume = async (): Promise<void> => {
		for await (const event of source.watch({}, background)) {
			const instances: readonly Instance[] = event.type === "snapshot" ? event.instances : [event.instance];
			told.push([event.type, ...instances.map(({ id }) => id).sort()].join(" "));
		}
	};
	consume().catch((error) => told.push(String(error)));
	return told;
}

describe("a URL", () => {
	test.each([
		[
			"redis://a?ttlMs=soon",
			"the time to live must be a whole number of milliseconds, at most 3600000, not NaN",
		],
		["redis://a?db=1", 'a redis: URL has no option "db"; it has ttlMs, prefix, ca, cert, key, serverName'],
		["redis://a,b", "a redis: URL names one server, and this one names 2"],
		[
			"redis://a/shop",
			'what follows the slash of a redis: URL is the number of a database, as in redis://10.0.0.1:6379/2, not "shop"',
		],
	])("%s is refused in a sentence", async (url, message) => {
		await expect(registry(url)).rejects.toMatchObject({ code: "invalid_argument", message });
	});
});

describe("what answers", () => {
	test("may be nobody", async () => {
		await expect(registry("redis://127.0.0.1:1")).rejects.toMatchObject({
			code: "unavailable",
			message: "Redis at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1",
		});
	});

	test("may be a server that speaks something else", async () => {
		const port = await listening(createHttpServer((_, response) => response.end("hello")));
		await expect(registry(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
			code: "failed_precondition",
			message: `what answers at 127.0.0.1:${port} is not Redis: it does not speak the protocol of Redis; check the address`,
		});
	});

	test("may be a server that keeps silent", async () => {
		const port = await listening(createServer((socket) => open.push(async () => socket.destroy())));
		await expect(registry(`redis://127.0.0.1:${port}`, { ttlMs: 300 })).rejects.toMatchObject({
			code: "unavailable",
			message: `Redis at 127.0.0.1:${port} did not answer within 500 ms`,
		});
	});

	test("may be a server that hangs up", async () => {
		const port = await listening(createServer((socket) => socket.destroy()));
		await expect(registry(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
			code: "unavailable",
			message: `Redis at 127.0.0.1:${port} has closed the connection; if it takes TLS only, write redis+tls:// in its URL`,
		});
	});
});

describeServer("redis", (program) => {
	test("a node of a cluster is refused in one sentence", async () => {
		const holder = createServer();
		const port = await listening(holder);
		await new Promise((resolve) => holder.close(resolve));
		const node = await started(program, ["--cluster-enabled", "yes", "--cluster-port", String(port)]);
		await expect(registry(node.url)).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringMatching(
				/^Redis at 127\.0\.0\.1:\d+ is a node of a cluster \(CLUSTERDOWN .*\): name a server that is none$/,
			),
		});
	});

	test("a password that is missing, wrong or needless is named in one sentence, and is not shown", async () => {
		const [locked, free] = [await started(program, ["--requirepass", "s3cret"]), await started(program)];
		const login = ({ url }: RunningRedis, text: string): string => url.replace("//", `//${text}@`);
		for (const url of [locked.url, login(locked, ":wrong"), login(locked, "shop:s3cret")]) {
			await expect(registry(url)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("refuses the user or the password ("),
			});
		}
		const made = await opened(login(locked, ":s3cret"));
		expect(made.location).toBe(login(locked, ":***"));
		await expect(registry(login(free, ":s3cret"))).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining("asks for no password ("),
		});
	});

	test("the permissions of the guide are enough, and a lack of them is one sentence", async () => {
		const redis = await started(program);
		const rules = "~allium:registry:* +@connection +@scripting +@read +@write +time".split(" ");
		await redis.command("ACL", "SETUSER", "shop", "on", ">s3cret", "resetkeys", "-@all", ...rules);
		await redis.command("ACL", "SETUSER", "other", "on", ">s3cret", "~other:*", "+@all");
		const shop = await opened(redis.url.replace("//", "//shop:s3cret@"));
		const told = watched(shop);
		const registration = await keepRegistered(shop, instance("a"), { logger: silentLogger });
		await expect.poll(() => told.at(-1)).toMatch(/a$/);
		await registration.release();
		await expect.poll(() => told.at(-1)).toBe("down a");
		await expect(registry(redis.url.replace("//", "//other:s3cret@"))).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining("does not let this user do what Allium needs (NOPERM"),
		});
	});

	test("a database and a prefix keep registries apart, and a database that is not there is refused", async () => {
		const { url } = await started(program);
		const [first, second, third] = [
			await opened(url),
			await opened(`${url}/2`),
			await opened(`${url}?prefix=b`),
		];
		await second.register(instance("two"), background);
		await third.register(instance("three"), background);
		expect(await first.list()).toEqual([]);
		expect(await second.list()).toMatchObject([{ id: "two" }]);
		expect(await third.list()).toMatchObject([{ id: "three" }]);
		await expect(registry(`${url}/99`)).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining("has no such database (ERR DB index is out of range)"),
		});
	});

	test("a replica takes no registrations, and may become one that does", async () => {
		const redis = await started(program);
		const made = await opened(redis.url);
		await redis.command("REPLICAOF", "127.0.0.1", 1);
		await expect(made.register(instance("a"), background)).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("READONLY"),
		});
		await redis.command("REPLICAOF", "NO", "ONE");
		await made.register(instance("a"), background);
	});

	test("a renewal during an outage fails, and is not sent when Redis is back", async () => {
		const redis = await started(program, ["--appendonly", "yes"]);
		const made = await opened(redis.url, { ttlMs: 60_000 });
		const lease = await made.register(instance("a"), background);
		await redis.server.kill();
		await expect(lease.update(instance("a"))).rejects.toMatchObject({ code: "unavailable" });
		await redis.server.restart();
		expect(await redis.command("INFO", "commandstats")).not.toMatch(/cmdstat_eval/);
		await lease.update(instance("a"));
		expect(await redis.command("INFO", "commandstats")).toMatch(/cmdstat_eval/);
	});

	test("a heartbeat is no change", async () => {
		const redis = await started(program);
		const made = await opened(redis.url);
		const lease = await made.register(instance("a"), background);
		for (let count = 0; count < 3; count++) await lease.update(instance("a"));
		expect(await redis.command("XLEN", "allium:registry:changes")).toBe(1);
	});

	test("a heartbeat after the lease ran out is a change, because a watcher may have listed without it", async () => {
		const redis = await started(program);
		const made = await opened(redis.url, { ttlMs: 100 });
		const lease = await made.register(instance("a"), background);
		await expect.poll(() => made.list()).toEqual([]);
		await lease.update(instance("a"));
		expect(await redis.command("XLEN", "allium:registry:changes")).toBe(2);
		expect(await made.list()).toMatchObject([{ id: "a" }]);
	});

	test("a process finds its own registrations as soon as they are made", async () => {
		const made = await opened((await started(program)).url);
		expect(watched(made)).toEqual([]);
		for (let count = 1; count <= 100; count++) {
			await made.register(instance(`i${count}`), background);
			for await (const event of made.watch({}, background)) {
				expect(event.type === "snapshot" && event.instances.length).toBe(count);
				break;
			}
		}
	});

	test("a write that arrives after the release of its lease changes nothing", async () => {
		const redis = await started(program);
		const made = await opened(redis.url);
		const lease = await made.register(instance("a"), background);
		await lease.release();
		const [mark] = (await redis.command("KEYS", "allium:registry:released:*")) as string[];
		const keys = ["leases", "records", "changes", "state"].map((name) => `allium:registry:${name}`);
		const late = ['["one","a"]', JSON.stringify(instance("a")), 60_000];
		await redis.command("EVAL", putScript.text, 5, ...keys, mark ?? "", ...late);
		expect(await made.list()).toEqual([]);
		await made.register(instance("a"), background);
		expect(await made.list()).toHaveLength(1);
	});

	test("data that is lost while all are connected takes nobody away who lives", async () => {
		const redis = await started(program);
		const made = await opened(redis.url, { ttlMs: 900 });
		const registration = await keepRegistered(made, instance("lives"), { logger: silentLogger });
		open.push(() => registration.release());
		await made.register(instance("dead"), background);
		const told = watched(made);
		await expect.poll(() => told).toEqual(["snapshot dead lives"]);
		await redis.command("FLUSHALL");
		await expect.poll(() => told).toEqual(["snapshot dead lives", "down dead"]);
		expect(await made.list()).toMatchObject([{ id: "lives" }]);
	});

	test("a watcher that missed changes which are not kept reads everything", async () => {
		const redis = await started(program);
		const [left, right] = [
			await opened(redis.url, { ttlMs: 1_000 }),
			await opened(redis.url, { ttlMs: 60_000 }),
		];
		const told = watched(left);
		await expect.poll(() => told).toEqual(["snapshot"]);
		// In one step, so that the watcher cannot read the change in between.
		const script =
			"redis.call('XADD', KEYS[1], ARGV[1], 'up', '0'); redis.call('XTRIM', KEYS[1], 'MAXLEN', 0)";
		await right.register(instance("a"), background);
		await expect.poll(() => told).toEqual(["snapshot", "up a"]);
		const generation = String(await redis.command("HGET", "allium:registry:state", "generation"));
		await redis.command("HSET", "allium:registry:records", '["one","b"]', JSON.stringify(instance("b")));
		await redis.command("ZADD", "allium:registry:leases", 9e15, '["one","b"]');
		await redis.command("HINCRBY", "allium:registry:state", "revision", 1);
		await redis.command("EVAL", script, 1, "allium:registry:changes", `${generation}-2`);
		await expect.poll(() => told).toEqual(["snapshot", "up a", "up b"]);
	});

	test("keys that hold something else are refused, and records that are none are passed over", async () => {
		const redis = await started(program);
		await redis.command("SET", "odd:registry:leases", "x");
		await expect(registry(`${redis.url}?prefix=odd`)).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining("refuses a command: WRONGTYPE"),
		});
		await redis.command("ZADD", "allium:registry:leases", 9e15, "a", 9e15, '["one","b"]', 9e15, "c");
		await redis.command(
			"HSET",
			"allium:registry:records",
			"a",
			"{",
			'["one","b"]',
			JSON.stringify(instance("x")),
		);
		expect(await (await opened(redis.url)).list()).toEqual([]);
	});

	test("nothing stays in Redis for ever", async () => {
		const redis = await started(program);
		const lease = await (await opened(redis.url)).register(instance("a"), background);
		await (await opened(redis.url)).register(instance("b"), background);
		await lease.release();
		const keys = (await redis.command("KEYS", "*")) as string[];
		expect(keys.length).toBe(5);
		for (const key of keys) expect(await redis.command("PTTL", key)).toBeGreaterThan(0);
	});

	test("the time of Redis is told", async () => {
		const made = await opened((await started(program)).url);
		const clock = await made.clock?.(background);
		expect(clock?.resolutionMs).toBe(1);
		expect(Math.abs((clock?.now ?? 0) - Date.now())).toBeLessThan(60_000);
	});
});
