import { readFileSync } from "node:fs";
import type { RequestListener, ServerResponse } from "node:http";
import { Context, type Instance, type Registry } from "@allium/core";
import { describeServer, httpDouble } from "@allium/testing/servers";
import { afterEach, describe, expect, test } from "vitest";
import { startConsul } from "./fixtures/consul.ts";
import { instance } from "./fixtures/instance.ts";
import { registry } from "./index.ts";

const background = Context.background();
/** The time to live of instances that nobody renews, and that stay for the whole test, in milliseconds. */
const keptMs = 600_000;
const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
	for (const close of open.splice(0).reverse()) await close();
});

/** A server that answers as a test says. Returns the URL of its registry. */
async function double(answer: RequestListener): Promise<string> {
	const { host, close } = await httpDouble(answer);
	open.push(close);
	return `consul://${host}`;
}

/** A double of Consul: the catalog answers as the test decides, and everything else as Consul does. */
function consulDouble(catalog: (index: number, response: ServerResponse) => void): Promise<string> {
	return double((request, response) => {
		const { pathname, searchParams } = new URL(request.url ?? "", "http://double");
		if (pathname === "/v1/status/leader") response.end('"10.0.0.1:8300"');
		else catalog(Number(searchParams.get("index") ?? 0), response);
	});
}

async function opened(url: string, options: { ttlMs?: number } = {}): Promise<Registry> {
	const made = await registry(url, { ttlMs: keptMs, ...options });
	open.push(() => made.close());
	return made;
}

function entry(id: string): object {
	return {
		Node: { Node: "one", Address: "10.0.0.1" },
		Service: { ID: id, Service: "cart", Address: "", Port: 80, Meta: {}, ModifyIndex: 1 },
		Checks: [{ Status: "passing" }],
	};
}

describe("a URL", () => {
	test("may have a token, which is not shown", async () => {
		let token: string | string[] | undefined;
		const url = await double((request, response) => {
			token = request.headers["x-consul-token"];
			response.end('"10.0.0.1:8300"');
		});
		const { location } = await opened(`${url.replace("//", "//:s3cret@")}?dc=eu`);
		expect(token).toBe("s3cret");
		expect(location).toBe(`${url.replace("//", "//:***@")}?dc=eu`);
	});

	test.each([
		["consul://user:token@a", "Consul knows no users: write the token as in consul://:TOKEN@127.0.0.1:8500"],
		["consul://a?ttlMs=soon", "the time to live must be a whole number of milliseconds, not NaN"],
		[
			"consul://a?token=x",
			'a consul: URL has no option "token"; it has dc, ttlMs, ca, cert, key, serverName',
		],
		["consul://a,b", "a consul: URL names one server, and this one names 2"],
	])("%s is refused in a sentence", async (url, message) => {
		await expect(registry(url)).rejects.toMatchObject({ code: "invalid_argument", message });
	});

	test("that names a file that is not there is refused in a sentence", async () => {
		await expect(registry("consul+tls://a?ca=nowhere.pem", { cwd: "/" })).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining("the file of ca=nowhere.pem cannot be read"),
		});
	});
});

describe("what answers", () => {
	test("may be nobody", async () => {
		await expect(registry("consul://127.0.0.1:1")).rejects.toMatchObject({
			code: "unavailable",
			message: "Consul at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1",
		});
	});

	test.each([
		[404, "<html>not found</html>"],
		[200, "<html>welcome</html>"],
		[200, '{"leader":1}'],
		[301, ""],
	])("is not taken for Consul when it answers %d %s", async (status, body) => {
		const url = await double((_, response) => response.writeHead(status).end(body));
		await expect(registry(url)).rejects.toMatchObject({
			code: "failed_precondition",
			message: `what answers at ${new URL(url).host} is not Consul: ${`it answered ${status} ${body}`.trimEnd()}; check the address`,
		});
	});

	test.each([
		[200, '""', "has no leader"],
		[500, "No cluster leader", "fails: 500 No cluster leader"],
		[429, "Your IP is issuing too many concurrent connections", "fails: 429"],
	])("may be a Consul that is unavailable: %d %s", async (status, body, why) => {
		const url = await double((_, response) => response.writeHead(status).end(body));
		await expect(registry(url)).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining(why),
		});
	});

	test("may be malformed in every part without harm", async () => {
		const nothing = [
			null,
			1,
			"x",
			[],
			{},
			{ Service: 1 },
			{ Service: { ID: "a", Service: "cart", Port: "x" } },
		];
		const garbage = { Service: { ID: "b", Service: "cart", Meta: { "allium-0": "{" }, Kind: 5 }, Checks: 7 };
		const url = await consulDouble((_, response) =>
			response
				.writeHead(200, { "x-consul-index": "5" })
				.end(JSON.stringify([...nothing, garbage, entry("c")])),
		);
		const found = await (await opened(url)).list({ namespace: "default", service: "cart" });
		expect(found.map(({ id }) => id)).toEqual(["undefined/a", "one/c"]);
	});
});

describe("a watch", () => {
	test("begins again when the index goes back, and takes nobody away that comes back within the time to live", async () => {
		const answers: [index: number, ids: string[]][] = [
			[50, ["a", "b"]],
			[7, []],
			[8, ["b"]],
		];
		let told = 0;
		const asked: number[] = [];
		const url = await consulDouble((index, response) => {
			const [next, ids] = answers[told] ?? [];
			asked.push(index);
			if (next === undefined || ids === undefined) return;
			told++;
			response.writeHead(200, { "x-consul-index": String(next) }).end(JSON.stringify(ids.map(entry)));
		});
		const watcher = watched(await opened(url, { ttlMs: 600 }), { namespace: "default", service: "cart" });
		await expect.poll(() => watcher.told).toEqual(["snapshot one/a one/b", "down one/a"]);
		expect(asked.slice(0, 4)).toEqual([0, 50, 0, 8]);
	});

	test("does not parse an answer without news, and does not ask in a circle", async () => {
		let asked = 0;
		const url = await consulDouble((_, response) => {
			asked++;
			response.writeHead(200, { "x-consul-index": "5" }).end(JSON.stringify([entry("a")]));
		});
		const watcher = watched(await opened(url), { namespace: "default", service: "cart" });
		await expect.poll(() => asked).toBe(3);
		expect(watcher.told).toEqual(["snapshot one/a"]);
	});

	test("ends with the reason when Consul refuses the token", async () => {
		const url = await consulDouble((_, response) => response.writeHead(403).end("Permission denied"));
		const watcher = watched(await opened(url), { namespace: "default", service: "cart" });
		await expect(watcher.ended).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining("refuses requests without a token (Permission denied): name one with"),
		});
	});
});

describeServer("consul", (program) => {
	test("a token that is refused is named in one sentence, and the policy of the guide is enough", async () => {
		const { server, origin, url } = await startConsul(program, [
			"-hcl",
			'acl { enabled = true default_policy = "deny" tokens { master = "root" } }',
		]);
		open.push(() => server.close());
		const put = async (path: string, body: unknown): Promise<Readonly<Record<string, string>>> => {
			const headers = { "x-consul-token": "root" };
			const answer = await fetch(origin + path, { method: "PUT", headers, body: JSON.stringify(body) });
			return (await answer.json()) as Record<string, string>;
		};
		await expect.poll(async () => (await put("/v1/acl/policy", policy)).Name).toBe("shop");
		const { SecretID } = await put("/v1/acl/token", { Policies: [{ Name: "shop" }] });

		await expect((await opened(url)).register(instance("a"), background)).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining(
				"refuses requests without a token (Permission denied: Missing service:write on cart)",
			),
		});
		const wrong = url.replace("//", "//:wrong@");
		await expect((await opened(wrong)).list()).rejects.toMatchObject({
			message: expect.stringContaining("refuses the token (ACL not found)"),
		});
		const shop = await opened(url.replace("//", `//:${SecretID}@`));
		const lease = await shop.register(instance("a"), background);
		const watcher = watched(shop, { namespace: "default" });
		await expect.poll(() => watcher.told).toEqual(["snapshot a"]);
		await lease.update(instance("a", { weight: 2 }));
		await lease.release();
		expect(await shop.list()).toEqual([]);
		const other = instance("b", { services: [{ name: "secret", version: "1.0.0", hash: "" }] });
		await expect(shop.register(other, background)).rejects.toThrow("refuses the token");
	});
});

/** The policy of the guide. */
const guide = readFileSync(new URL("../../../docs/guide/consul.md", import.meta.url), "utf8");
const [, rules = ""] = /```hcl file=shop-policy\.hcl\n([^`]+)```/.exec(guide) ?? [];
const policy = { Name: "shop", Rules: rules };

/** The events that a watch reports, as short text. */
function watched(
	source: Registry,
	filter: { namespace?: string; service?: string },
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
