import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { Context, type Registry } from "@allium/core";
import { cartInstance as instance } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { afterEach, describe, expect, test } from "vitest";
import { type RunningZooKeeper, startZooKeeper } from "./fixtures/zookeeper.ts";
import { registry } from "./index.ts";
import { deleteNode, writeNode } from "./nodes.ts";
import { newTicket, ZooConnection } from "./zoo-connection.ts";

const background = Context.background();
const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
	for (const close of open.splice(0).reverse()) await close();
});

async function started(program: string): Promise<RunningZooKeeper> {
	const made = await startZooKeeper(program);
	open.push(() => made.server.close());
	return made;
}

async function opened(url: string, ttlMs = 6_000): Promise<Registry> {
	const made = await registry(url, { ttlMs });
	open.push(() => made.close());
	return made;
}

/** Listens with a server that is no ZooKeeper. Returns its port. */
async function listening(server: Server): Promise<number> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	open.push(() => new Promise((resolve) => server.close(resolve)));
	const address = server.address();
	return typeof address === "object" && address !== null ? address.port : 0;
}

/** A connection of somebody else, such as an administrator. */
async function stranger({ server }: RunningZooKeeper): Promise<ZooConnection> {
	const address = { server: { host: "127.0.0.1", port: server.port }, tls: undefined, login: undefined };
	return ZooConnection.open({ ...address, limitMs: 100_000 }, newTicket(10_000));
}

describe("a URL", () => {
	test.each([
		["zookeeper://a?ttlMs=soon", "the time to live must be a whole number of milliseconds, not NaN"],
		[
			"zookeeper://a?chroot=x",
			'a zookeeper: URL has no option "chroot"; it has ttlMs, ca, cert, key, serverName',
		],
		[
			"zookeeper://a/../b",
			'the path of a zookeeper: URL is made of letters, digits, - and _, as in zookeeper://10.0.0.1:2181/shop, not "../b"',
		],
	])("%s is refused in a sentence", async (url, message) => {
		await expect(registry(url)).rejects.toMatchObject({ code: "invalid_argument", message });
	});
});

describe("what answers", () => {
	test("may be nobody, at any of the addresses", async () => {
		await expect(registry("zookeeper://127.0.0.1:1,127.0.0.1:2")).rejects.toMatchObject({
			code: "unavailable",
			message: "ZooKeeper at 127.0.0.1:2 cannot be reached: connect ECONNREFUSED 127.0.0.1:2",
		});
	});

	test("may be a server that speaks something else", async () => {
		const port = await listening(createHttpServer((_, response) => response.end("hello")));
		await expect(registry(`zookeeper://127.0.0.1:${port}`)).rejects.toMatchObject({
			code: "failed_precondition",
			message: `what answers at 127.0.0.1:${port} is not ZooKeeper: it does not speak the protocol of ZooKeeper; check the address`,
		});
	});

	test("may be a server that keeps silent", async () => {
		const port = await listening(createServer((socket) => open.push(async () => socket.destroy())));
		await expect(registry(`zookeeper://127.0.0.1:${port}`, { ttlMs: 300 })).rejects.toMatchObject({
			code: "unavailable",
			message: `ZooKeeper at 127.0.0.1:${port} did not answer within 1000 ms`,
		});
	});

	test("may be a server that hangs up", async () => {
		const port = await listening(createServer((socket) => socket.destroy()));
		await expect(registry(`zookeeper://127.0.0.1:${port}`)).rejects.toMatchObject({
			code: "unavailable",
			message: `ZooKeeper at 127.0.0.1:${port} has closed the connection; if it takes TLS only, write zookeeper+tls:// in its URL`,
		});
	});
});

describeServer("zookeeper", (program) => {
	test("nodes belong to the user who makes them, and another one is refused in one sentence", async () => {
		const { url } = await started(program);
		const login = (text: string): string => url.replace("//", `//${text}@`);
		const shop = await opened(login("shop:s3cret"));
		expect(shop.location).toBe(login("shop:***"));
		await shop.register(instance("a"), background);
		expect(await (await opened(login("shop:s3cret"))).list()).toMatchObject([{ id: "a" }]);
		for (const other of [url, login("shop:wrong"), login("other:s3cret")]) {
			const refused = {
				code: "failed_precondition",
				message: expect.stringContaining("does not let this user work"),
			};
			await expect((await opened(other)).list()).rejects.toMatchObject(refused);
			await expect((await opened(other)).register(instance("b"), background)).rejects.toMatchObject(refused);
		}
		expect(await (await opened(`${url}/other/path`)).list()).toEqual([]);
	});

	test("the next server is asked when one does not answer", async () => {
		const { url } = await started(program);
		const made = await opened(url.replace("//", "//127.0.0.1:1,"));
		await made.register(instance("a"), background);
		expect(await made.list()).toMatchObject([{ id: "a" }]);
	});

	test("a node that somebody removes is written again with the next heartbeat", async () => {
		const zookeeper = await started(program);
		const made = await opened(zookeeper.url);
		const lease = await made.register(instance("a"), background);
		const administrator = await stranger(zookeeper);
		await deleteNode(administrator, "/allium/one/cart/a");
		expect(await made.list()).toEqual([]);
		await lease.update(instance("a"));
		expect(await made.list()).toMatchObject([{ id: "a" }]);
		await writeNode(administrator, "/allium/one/cart/a", "{");
		expect(await made.list()).toEqual([]);
	});

	test("a release that does not arrive is made up for, because the session goes on", async () => {
		const { server, url } = await started(program);
		const made = await opened(url, 10_000);
		const leases = [
			await made.register(instance("a"), background),
			await made.register(instance("b"), background),
		];
		await server.kill();
		await expect(leases[0]?.release()).rejects.toMatchObject({ code: "unavailable" });
		await server.restart();
		const listed = (): Promise<string[]> =>
			made.list().then(
				(all) => all.map(({ id }) => id),
				() => ["away"],
			);
		await expect.poll(listed).toEqual(["b"]);
	});

	test("an instance that is registered again by another process is that of the other", async () => {
		const { url } = await started(program);
		const [left, right] = [await opened(url), await opened(url)];
		await left.register(instance("a"), background);
		await right.register(instance("a", { weight: 2 }), background);
		await left.close();
		expect(await right.list()).toMatchObject([{ id: "a", weight: 2 }]);
	});

	test("names that look like paths stay apart", async () => {
		const made = await opened((await started(program)).url);
		const odd = [
			instance("a/b", { namespace: "x" }),
			instance("b", { namespace: "x/a" }),
			instance("..", { namespace: "." }),
			instance("", { namespace: "" }),
			instance("\u{d800}ü\u0000", { namespace: "x", services: [] }),
		];
		for (const each of odd) await made.register(each, background);
		expect((await made.list()).length).toBe(5);
		expect((await made.list({ namespace: "x" })).map(({ id }) => id).sort()).toEqual([
			"a/b",
			"\u{d800}ü\u0000",
		]);
		expect(await made.list({ namespace: "x/a", service: "cart" })).toMatchObject([{ id: "b" }]);
	});
});
