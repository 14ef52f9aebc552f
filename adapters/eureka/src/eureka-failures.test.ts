import type { RequestListener } from "node:http";
import { Context, type Registry, silentLogger } from "@allium/core";
import { keepRegistered } from "@allium/core/registry";
import { cartInstance } from "@allium/testing/registry-suite";
import { httpDouble } from "@allium/testing/servers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { serveEureka } from "./fixtures/eureka.ts";
import { listOfOld, RecordedEureka } from "./fixtures/recorded.ts";
import { registry } from "./index.ts";

const background = Context.background();
const open: (() => Promise<unknown>)[] = [];
const patient = { timeout: 20_000 };

afterEach(async () => {
	for (const close of open.splice(0).reverse()) await close();
});

/** A server that answers as a test says. Returns the URL of its registry. */
async function double(answer: RequestListener): Promise<string> {
	const { host, close } = await httpDouble(answer);
	open.push(close);
	return `eureka://${host}`;
}

async function opened(url: string, options: { ttlMs?: number; namespace?: string } = {}): Promise<Registry> {
	const made = await registry(url, { ttlMs: 1_000, pollMs: 20, ...options });
	open.push(() => made.close());
	return made;
}

/** Records the events of a watch: the instances that are up, and the instances that went down at some time. */
function watch(watched: Registry): { readonly up: Set<string>; readonly gone: string[] } {
	const told = { up: new Set<string>(), gone: [] as string[] };
	const { ctx, cancel } = background.withCancel();
	open.push(async () => cancel());
	void (async () => {
		for await (const event of watched.watch({}, ctx)) {
			if (event.type === "snapshot") told.up = new Set(event.instances.map(({ id }) => id));
			else if (event.type === "up") told.up.add(event.instance.id);
			else {
				told.up.delete(event.instance.id);
				told.gone.push(event.instance.id);
			}
		}
	})();
	return told;
}

describe("a URL", () => {
	test("may have a user and a path; the password is not shown", async () => {
		let asked: unknown;
		const recorded = new RecordedEureka();
		const url = await double((request, response) => {
			asked = [request.headers.authorization, request.url];
			recorded.answer(request, response);
		});
		const { location } = await opened(`${url.replace("//", "//shop:s3cret@")}/eureka/v2/`);
		expect(asked).toEqual([`Basic ${btoa("shop:s3cret")}`, "/eureka/v2/apps/delta"]);
		expect(location).toBe(`${url.replace("//", "//shop:***@")}/eureka/v2/`);
	});

	test.each([
		[
			"eureka://a?ttlMs=1500",
			"the time to live must be whole seconds in milliseconds, as Eureka counts it: 1000, 2000, up to 3600000, not 1500",
		],
		["eureka://a?pollMs=never", "pollMs must be from 10 to 3600000 milliseconds, not NaN"],
		[
			"eureka://a?zone=x",
			'a eureka: URL has no option "zone"; it has ttlMs, pollMs, ca, cert, key, serverName',
		],
	])("%s is refused in a sentence", async (url, message) => {
		await expect(registry(url)).rejects.toMatchObject({ code: "invalid_argument", message });
	});
});

describe("what answers", () => {
	test("may be nobody", async () => {
		await expect(registry("eureka://127.0.0.1:1")).rejects.toMatchObject({
			code: "unavailable",
			message: "Eureka at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1",
		});
	});

	test.each([
		[200, "<html>welcome</html>", "it answered 200 below /eureka: <html>welcome</html>"],
		[404, "", "it answered 404 below /eureka"],
		[200, '{"applications":1}', 'it answered 200 below /eureka: {"applications":1}'],
	])("is not taken for Eureka when it answers %d %s", async (status, body, why) => {
		const url = await double((_, response) => response.writeHead(status).end(body));
		await expect(registry(url)).rejects.toMatchObject({
			code: "failed_precondition",
			message: `what answers at ${new URL(url).host} is not Eureka: ${why}; check the address`,
		});
	});

	test("may refuse the user", async () => {
		const url = await double((_, response) => response.writeHead(401).end());
		await expect(registry(url)).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining(
				"refuses requests without a user: name one with eureka://USER:PASSWORD@…",
			),
		});
		await expect(registry(url.replace("//", "//shop:s3cret@"))).rejects.toMatchObject({
			message: expect.stringContaining("refuses the user shop, or the password"),
		});
	});

	test("may forbid to read, as one does that starts: then it is away", async () => {
		const recorded = new RecordedEureka();
		const url = await double(recorded.answer);
		recorded.statuses = { "/eureka/apps/delta": 403, "/eureka/apps": 403 };
		const away = {
			code: "unavailable",
			message: expect.stringContaining("lets nobody read what is registered yet"),
		};
		await expect(registry(url)).rejects.toMatchObject(away);
		recorded.statuses = {};
		recorded.ids = ["a"];
		const told = watch(await opened(url));
		await vi.waitFor(() => expect(told.up.size).toBe(1), patient);
		recorded.statuses = { "/eureka/apps/delta": 403, "/eureka/apps": 403 };
		const asked = recorded.asked.length;
		await vi.waitFor(() => expect(recorded.asked.length).toBeGreaterThan(asked + 4), patient);
		recorded.statuses = {};
		recorded.ids = ["a", "b"];
		await vi.waitFor(() => expect(told.up.size).toBe(2), patient);
	});

	test("may forbid to register", async () => {
		const recorded = new RecordedEureka();
		recorded.statuses = { "/eureka/apps/ONE--SHOP": 403 };
		const open = await opened(await double(recorded.answer));
		await expect(open.register(cartInstance("a"), background)).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining("switch CSRF off"),
		});
	});

	test("may be older than arrays of one", async () => {
		const url = await double((_, response) => response.end(JSON.stringify(listOfOld)));
		expect(await (await opened(url)).list()).toMatchObject([
			{ id: "METRICS/192.168.40.94", addresses: ["http://192.168.40.94:7101"], labels: {}, status: "up" },
		]);
	});
});

describe("a server of Netflix", () => {
	test("is asked for changes alone, as long as their hash fits", async () => {
		const recorded = new RecordedEureka();
		recorded.ids = ["a"];
		const told = watch(await opened(await double(recorded.answer)));
		await vi.waitFor(() => expect([...told.up]).toEqual(["CART/a"]), patient);
		recorded.ids = ["a", "b"];
		recorded.changes = [["b", "ADDED"]];
		await vi.waitFor(() => expect([...told.up]).toEqual(["CART/a", "CART/b"]), patient);
		recorded.ids = ["b"];
		// Changes are told again and again.
		recorded.changes = [
			["b", "ADDED"],
			["a", "DELETED"],
		];
		await vi.waitFor(() => expect(told.gone).toEqual(["CART/a"]), patient);
		expect(recorded.asked.filter((path) => path === "GET /eureka/apps")).toHaveLength(1);
	});

	test("whose hash does not fit is asked for all; one that is missing then stays for a time to live", async () => {
		const recorded = new RecordedEureka();
		recorded.ids = ["a", "b"];
		const told = watch(await opened(await double(recorded.answer)));
		await vi.waitFor(() => expect(told.up.size).toBe(2), patient);
		const before = performance.now();
		recorded.ids = ["b", "c", "d"];
		await vi.waitFor(() => expect(told.up.size).toBe(4), patient);
		await vi.waitFor(() => expect(told.gone).toEqual(["CART/a"]), patient);
		expect(performance.now() - before).toBeGreaterThan(900);
	});

	test("that tells no changes is asked for all each time", async () => {
		const recorded = new RecordedEureka();
		recorded.statuses["/eureka/apps/delta"] = 403;
		const told = watch(await opened(await double(recorded.answer)));
		await vi.waitFor(() => expect(recorded.asked.length).toBeGreaterThan(4), patient);
		recorded.ids = ["a"];
		await vi.waitFor(() => expect([...told.up]).toEqual(["CART/a"]), patient);
	});

	test("that fails costs nobody, and what is wrong about one instance costs no other", async () => {
		const recorded = new RecordedEureka();
		recorded.ids = ["a"];
		let broken = "";
		const url = await double((request, response) => {
			if (broken === "") recorded.answer(request, response);
			else response.end(broken);
		});
		const told = watch(await opened(url));
		await vi.waitFor(() => expect(told.up.size).toBe(1), patient);
		recorded.statuses = { "/eureka/apps/delta": 500, "/eureka/apps": 503 };
		const asked = recorded.asked.length;
		await vi.waitFor(() => expect(recorded.asked.length).toBeGreaterThan(asked + 3), patient);
		recorded.statuses = {};
		recorded.ids = ["a", "b"];
		await vi.waitFor(() => expect(told.up.size).toBe(2), patient);
		expect(told.gone).toEqual([]);
		broken =
			'{"applications":{"apps__hashcode":"","application":[1,null,{"instance":[7,{"app":{}},{"app":"X","port":[]}]}]}}';
		await vi.waitFor(() => expect([...told.up]).toContain("X/undefined"), patient);
	});
});

describe("several servers", () => {
	test("are asked one after the other, and an instance registers at the next when its own is gone", async () => {
		const [first, second] = [await serveEureka(), await serveEureka()];
		open.push(() => second.close());
		const both = await opened(`${first.url},${new URL(second.url).host}`, { ttlMs: 60_000 });
		const lease = await both.register(cartInstance("a"), background);
		const told = watch(both);
		await vi.waitFor(() => expect([...told.up]).toEqual(["a"]), patient);
		expect(await (await opened(second.url)).list()).toEqual([]);
		await first.close();
		await lease.update(cartInstance("a"));
		expect(await (await opened(second.url)).list()).toEqual([cartInstance("a")]);
		await both.register(cartInstance("b"), background);
		await vi.waitFor(() => expect([...told.up].sort()).toEqual(["a", "b"]), patient);
		expect(told.gone).toEqual([]);
	});

	test("that are all gone are named by the last that was asked", async () => {
		await expect(registry("eureka://127.0.0.1:1,127.0.0.1:2")).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("Eureka at 127.0.0.1:2 cannot be reached"),
		});
	});
});

test("a server that was started again between two questions, and forgot all, costs nobody who registers again", async () => {
	const before = await serveEureka();
	const port = Number(new URL(before.url).port);
	const [left, right] = [await opened(before.url, { ttlMs: 3_000 }), await opened(before.url)];
	const steady = await keepRegistered(left, cartInstance("steady"), { logger: silentLogger });
	open.push(() => steady.release());
	await left.register(cartInstance("mortal"), background);
	const told = watch(right);
	await vi.waitFor(() => expect(told.up.size).toBe(2), patient);
	await before.close();
	const after = await serveEureka({ port });
	open.push(() => after.close());
	await vi.waitFor(() => expect(told.gone).toEqual(["mortal"]), patient);
	expect([...told.up]).toEqual(["steady"]);
});
