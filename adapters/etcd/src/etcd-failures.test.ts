import type { RequestListener } from "node:http";
import { Context, type Instance, type Registry, silentLogger } from "@allium/core";
import { keepRegistered } from "@allium/core/registry";
import { describeServer, httpDouble } from "@allium/testing/servers";
import { afterEach, describe, expect, test } from "vitest";
import { type RunningEtcd, startEtcd } from "./fixtures/etcd.ts";
import { instance } from "./fixtures/instance.ts";
import { registry } from "./index.ts";

const background = Context.background();
/** The time to live of instances that nobody renews, and that stay for the whole test, in milliseconds. */
const keptMs = 600_000;
const cart = { namespace: "default", service: "cart" };
const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
	for (const close of open.splice(0).reverse()) await close();
});

/** A server that answers as a test says. Returns the URL of its registry. */
async function double(answer: RequestListener): Promise<string> {
	const { host, close } = await httpDouble(answer);
	open.push(close);
	return `etcd://${host}`;
}

async function started(program: string, args: readonly string[] = []): Promise<RunningEtcd> {
	const etcd = await startEtcd(program, args);
	open.push(() => etcd.server.close());
	return etcd;
}

async function opened(url: string, options: { ttlMs?: number } = {}): Promise<Registry> {
	const made = await registry(url, { ttlMs: keptMs, ...options });
	open.push(() => made.close());
	return made;
}

/** The events that a watch reports, as short text. */
function watched(
	source: Registry,
	filter: { namespace?: string; service?: string } = cart,
): { readonly told: string[]; readonly ended: Promise<void> } {
	const told: string[] = [];
	const consume = async (): Promise<void> => {
		for await (const event of source.watch(filter, background)) {
			const instances: readonly Instance[] = event.type === "snapshot" ? event.instances : [event.instance];
			told.push([event.type, ...instances.map(({ id }) => id)].join(" "));
		}
	};
	const ended = consume();
	ended.catch(() => {});
	return { told, ended };
}

function base64(text: string): string {
	return Buffer.from(text).toString("base64");
}

describe("what answers", () => {
	test("may be nobody, at any of the addresses", async () => {
		await expect(registry("etcd://127.0.0.1:1,127.0.0.1:2")).rejects.toMatchObject({
			code: "unavailable",
			message: "etcd at 127.0.0.1:2 cannot be reached: connect ECONNREFUSED 127.0.0.1:2",
		});
	});

	test.each([
		[404, "404 page not found"],
		[200, "<html>welcome</html>"],
		[200, "[]"],
		[301, ""],
	])("is not taken for etcd when it answers %d %s", async (status, body) => {
		const url = await double((_, response) => response.writeHead(status).end(body));
		await expect(registry(url)).rejects.toMatchObject({
			code: "failed_precondition",
			message: `what answers at ${new URL(url).host} is not etcd 3.4 or later: ${`it answered ${status} ${body}`.trimEnd()}; check the address`,
		});
	});

	test("may be another service that answers JSON", async () => {
		const url = await double((_, response) => response.end('{"status":"ok"}'));
		await expect(registry(url)).rejects.toThrow("its status has no version; check the address");
	});

	test("may be an etcd without a leader", async () => {
		const url = await double((_, response) => response.end('{"version":"3.4.23"}'));
		await expect(registry(url)).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("has no leader"),
		});
	});

	test("may be malformed in every part without harm", async () => {
		const url = await double((request, response) => {
			if (request.url === "/v3/maintenance/status") response.end('{"version":"3.4.23","leader":"1"}');
			else
				response.end(
					JSON.stringify({ header: 7, more: true, kvs: [null, 1, {}, { key: 5 }, { key: "!", value: "{" }] }),
				);
		});
		const listing = (await opened(url)).list(cart, background.withTimeout(300));
		await expect(listing).rejects.toMatchObject({ code: "deadline_exceeded" });
	});
});

for (const name of ["etcd", "etcd-3.5"] as const) {
	describeServer(name, (program) => {
		test("a watch whose revision was compacted lists again, and loses nobody", async () => {
			const etcd = await started(program);
			const proxied = await opened(etcd.url, { ttlMs: 60_000 });
			const watcher = watched(proxied);
			await proxied.register(instance("a"), background);
			await expect.poll(() => watcher.told).toEqual(["snapshot", "up a"]);
			// The watcher is away while others come, and etcd forgets how.
			etcd.server.suspend();
			etcd.server.resume();
			const other = await opened(etcd.url, { ttlMs: 60_000 });
			await other.register(instance("b"), background);
			const { header } = await etcd.post("/v3/kv/range", { key: base64("x") });
			const { revision } = header as { revision: string };
			await etcd.post("/v3/kv/compaction", { revision, physical: true });
			await etcd.server.restart();
			await other.register(instance("c"), background);
			await expect.poll(() => [...watcher.told].sort()).toEqual(["snapshot", "up a", "up b", "up c"]);
		});

		test("a lease that etcd has forgotten is granted again", async () => {
			const etcd = await started(program);
			const [left, right] = [await opened(etcd.url), await opened(etcd.url)];
			const lease = await left.register(instance("a"), background);
			const watcher = watched(right);
			await expect.poll(() => watcher.told).toEqual(["snapshot a"]);
			const { leases } = await etcd.post("/v3/lease/leases", {});
			for (const { ID } of leases as { ID: string }[]) await etcd.post("/v3/lease/revoke", { ID });
			await expect.poll(() => watcher.told).toEqual(["snapshot a", "down a"]);
			await lease.update(instance("a"));
			await expect.poll(() => watcher.told).toEqual(["snapshot a", "down a", "up a"]);
			await etcd.post("/v3/lease/revoke", { ID: "1" });
			await lease.update(instance("a", { weight: 2 }));
			expect(await right.list()).toMatchObject([{ id: "a", weight: 2 }]);
		});

		test("a heartbeat writes no key", async () => {
			const etcd = await started(program);
			const left = await opened(etcd.url);
			const lease = await left.register(instance("a"), background);
			const before = await etcd.post("/v3/kv/range", { key: base64("x") });
			await lease.update(instance("a"));
			await lease.update(instance("a"));
			const after = await etcd.post("/v3/kv/range", { key: base64("x") });
			expect((after.header as { revision: string }).revision).toBe(
				(before.header as { revision: string }).revision,
			);
		});

		test("names that look like paths stay apart", async () => {
			const made = await opened((await started(program)).url);
			const odd = [
				instance("a/b", { namespace: "x" }),
				instance("b", { namespace: "x/a" }),
				instance("../a", { namespace: "x" }),
				instance("", { namespace: "" }),
				instance("\u{d800}ü\u0000", { namespace: "x", services: [] }),
			];
			for (const each of odd) await made.register(each, background);
			expect((await made.list()).length).toBe(5);
			expect((await made.list({ namespace: "x" })).map(({ id }) => id).sort()).toEqual([
				"../a",
				"a/b",
				"\u{d800}ü\u0000",
			]);
			expect(await made.list({ namespace: "x/a", service: "cart" })).toMatchObject([{ id: "b" }]);
		});

		test("the next member is asked when one does not answer", async () => {
			const etcd = await started(program);
			const made = await opened(etcd.url.replace("//", "//127.0.0.1:1,"));
			await made.register(instance("a"), background);
			expect(await made.list()).toMatchObject([{ id: "a" }]);
		});

		test("a password that is refused is named in one sentence, the role of the guide is enough, and its token is renewed", async () => {
			const etcd = await started(program, ["--auth-token-ttl", "1"]);
			const token = await withUsers(etcd);
			await expect((await opened(etcd.url)).register(instance("a"), background)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("refuses requests without a user (etcdserver: user name is empty)"),
			});
			const login = (text: string): string => etcd.url.replace("//", `//${text}@`);
			await expect((await opened(login("shop:wrong"))).list()).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining('refuses the password of "shop"'),
			});
			const shop = await opened(login("shop:s3cret"), { ttlMs: 60_000 });
			expect(shop.location).toBe(login("shop:***"));
			const registration = await keepRegistered(shop, instance("a"), { logger: silentLogger });
			open.push(() => registration.release());
			const watcher = watched(shop);
			await expect.poll(() => watcher.told).toEqual(["snapshot a"]);
			// A change of users makes all tokens stale.
			await etcd.post("/v3/auth/user/add", { name: "other", password: "x" }, token);
			await registration.update({ weight: 2 });
			await expect.poll(() => watcher.told).toEqual(["snapshot a", "up a"]);
			await expect(shop.register(instance("b", { namespace: "blue" }), background)).rejects.toThrow(
				"etcdserver: permission denied",
			);
		});
	});
}

/** Adds the role of docs/guide/etcd.md and a user who has it, and switches authentication on. Returns root's token. */
async function withUsers(etcd: RunningEtcd): Promise<string> {
	const post = async (path: string, body: unknown): Promise<void> => {
		const { error } = await etcd.post(path, body);
		if (error !== undefined) throw new Error(`${path}: ${error}`);
	};
	await post("/v3/auth/user/add", { name: "root", password: "root" });
	await post("/v3/auth/role/add", { name: "root" });
	await post("/v3/auth/user/grant", { user: "root", role: "root" });
	await post("/v3/auth/role/add", { name: "shop" });
	const range = { key: base64("/allium/default/"), range_end: base64("/allium/default0") };
	await post("/v3/auth/role/grant", { name: "shop", perm: { permType: "READWRITE", ...range } });
	await post("/v3/auth/user/add", { name: "shop", password: "s3cret" });
	await post("/v3/auth/user/grant", { user: "shop", role: "shop" });
	await post("/v3/auth/enable", {});
	const { token } = await etcd.post("/v3/auth/authenticate", { name: "root", password: "root" });
	return String(token);
}
