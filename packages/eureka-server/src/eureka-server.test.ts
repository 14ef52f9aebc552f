import { type Guard, ServiceError } from "@allium/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type RunningEureka, startEureka } from "./fixtures/eureka.ts";
import { byGo, byJava } from "./fixtures/registrations.ts";
import { eurekaServer } from "./index.ts";
import { readXml, type XmlValue } from "./xml-reader.ts";

let eureka: RunningEureka;

beforeEach(async () => {
	eureka = await startEureka();
});
afterEach(() => eureka[Symbol.asyncDispose]());

/** The value of an answer in XML. */
async function xml(path: string): Promise<XmlValue> {
	return readXml((await eureka.ask("GET", path)).text).value;
}

describe("a service in Java", () => {
	beforeEach(async () => {
		const { status, text } = await eureka.ask("POST", "/apps/PAYMENTS", {
			type: "application/json",
			body: byJava,
		});
		expect([status, text]).toEqual([204, ""]);
	});

	test("finds all instances in the form that its library reads", async () => {
		const { applications } = await eureka.get("/apps/");
		expect(applications).toEqual({
			versions__delta: expect.stringMatching(/^\d+$/),
			apps__hashcode: "UP_1_",
			application: [{ name: "PAYMENTS", instance: [expect.any(Object)] }],
		});
		const { instance: given } = JSON.parse(byJava);
		const [instance] = applications.application[0]?.instance ?? [];
		expect(instance).toEqual({
			...given,
			leaseInfo: {
				renewalIntervalInSecs: 30,
				durationInSecs: 90,
				registrationTimestamp: expect.any(Number),
				lastRenewalTimestamp: expect.any(Number),
				evictionTimestamp: 0,
				serviceUpTimestamp: expect.any(Number),
			},
			lastUpdatedTimestamp: expect.stringMatching(/^\d+$/),
			isCoordinatingDiscoveryServer: "false",
			actionType: "ADDED",
		});
	});

	test("renews its lease, and registers again where the server does not know it, or not its last change", async () => {
		const path = "/apps/PAYMENTS/10.0.0.7:payments:8080";
		expect(await eureka.ask("PUT", `${path}?status=UP&lastDirtyTimestamp=1760000000000`)).toMatchObject({
			status: 200,
		});
		expect(await eureka.ask("PUT", `${path}?status=UP&lastDirtyTimestamp=1760000000001`)).toMatchObject({
			status: 404,
		});
		expect(await eureka.ask("PUT", "/apps/PAYMENTS/other?status=UP")).toMatchObject({ status: 404 });
	});

	test("leaves, and those who ask for changes hear of it", async () => {
		const path = "/apps/PAYMENTS/10.0.0.7:payments:8080";
		expect((await eureka.ask("DELETE", path)).status).toBe(200);
		expect((await eureka.ask("DELETE", path)).status).toBe(404);
		const { applications } = await eureka.get("/apps/delta");
		expect(applications.apps__hashcode).toBe("");
		expect(applications.application[0]?.instance[0]).toMatchObject({ actionType: "DELETED" });
		expect((await eureka.get("/apps")).applications.application).toEqual([]);
	});
});

describe("a service in Go, whose library is fargo", () => {
	test("asks for itself, registers by XML without a content of its own for leases, and reads itself back", async () => {
		const path = "/v2/apps/STOCK/stock-1.example.org";
		expect((await eureka.ask("GET", path)).status).toBe(404);
		const registration = { type: "application/xml", body: byGo };
		expect((await eureka.ask("POST", "/v2/apps/STOCK", registration)).status).toBe(204);
		expect((await eureka.ask("PUT", path)).status).toBe(200);
		const answer = await eureka.ask("GET", path, { accept: "application/xml" });
		expect(answer).toMatchObject({ status: 200, type: "application/xml" });
		expect(readXml(answer.text)).toEqual({
			name: "instance",
			value: expect.objectContaining({
				instanceId: "stock-1.example.org",
				hostName: "stock-1.example.org",
				app: "STOCK",
				ipAddr: "10.0.0.8",
				status: "UP",
				overriddenstatus: "UNKNOWN",
				port: { $: "9090", "@enabled": "true" },
				securePort: { $: "0", "@enabled": "false" },
				dataCenterInfo: { "@class": expect.stringContaining("Default"), name: "MyOwn" },
				metadata: { version: "1.4.0", team: "R&D" },
				vipAddress: "stock",
			}),
		});
		// fargo sends 0 for fields that are not set.
		expect(answer.text).toContain("<durationInSecs>90</durationInSecs>");
	});

	test("reads all apps as XML, which everybody gets who asks for no JSON", async () => {
		await eureka.ask("POST", "/v2/apps/STOCK", { type: "application/xml", body: byGo });
		await eureka.register("CART");
		const value = await xml("/v2/apps");
		expect(value).toMatchObject({ apps__hashcode: "UP_2_", application: { name: "CART" } });
	});

	test("in the cloud of Amazon is known by the id that it has there", async () => {
		const metadata = { "instance-id": "i-0abc", "availability-zone": "eu-west-1a" };
		const dataCenterInfo = { name: "Amazon", metadata };
		await eureka.register("CART", { instanceId: undefined, dataCenterInfo });
		const { instance } = await eureka.get("/apps/CART/i-0abc");
		expect(instance.dataCenterInfo).toEqual({
			"@class": "com.netflix.appinfo.AmazonInfo",
			name: "Amazon",
			metadata,
		});
	});
});

describe("questions", () => {
	beforeEach(async () => {
		await eureka.register("CART", { vipAddress: "cart,basket", secureVipAddress: "safe-cart" });
		await eureka.register("STOCK", { instanceId: "b" });
	});
	const appsOf = async (path: string): Promise<string[]> =>
		(await eureka.get(path)).applications.application.map(({ name }: { name: string }) => name);

	test("by app, in any case of letters, and by id", async () => {
		expect((await eureka.get("/apps/cart")).application).toMatchObject({
			name: "CART",
			instance: [{ instanceId: "a" }],
		});
		expect((await eureka.get("/instances/b")).instance).toMatchObject({ app: "STOCK" });
		expect(await xml("/apps/CART")).toMatchObject({ name: "CART", instance: { hostName: "10.0.0.7" } });
		for (const path of ["/apps/NONE", "/apps/CART/b", "/instances/none", "/vips/none", "/nothing", "/"]) {
			expect((await eureka.ask("GET", path)).status).toBe(404);
		}
	});

	test("by virtual addresses, of which an instance may have several", async () => {
		expect(await appsOf("/vips/basket")).toEqual(["CART"]);
		expect(await appsOf("/vips/stock")).toEqual(["STOCK"]);
		expect(await appsOf("/svips/safe-cart")).toEqual(["CART"]);
	});

	test("for what changed: all of the last three minutes, or with since, what came after a version", async () => {
		expect(await appsOf("/apps/delta")).toEqual(["CART", "STOCK"]);
		const { applications } = await eureka.get("/apps");
		await eureka.register("STOCK", { instanceId: "c" });
		const since = `/apps/delta?since=${applications.versions__delta}`;
		const changed = (await eureka.get(since)).applications;
		expect(changed).toMatchObject({
			apps__hashcode: "UP_3_",
			application: [{ instance: [{ instanceId: "c" }] }],
		});
		expect(await appsOf(`/apps/delta?since=${changed.versions__delta}`)).toEqual([]);
		// The changes after a version of another server are unknown.
		expect((await eureka.ask("GET", "/apps/delta?since=1")).status).toBe(404);
	});
});

describe("operators", () => {
	const path = "/apps/CART/a";
	const status = async (): Promise<unknown[]> => {
		const { instance } = await eureka.get(path);
		return [instance.status, instance.overriddenStatus, instance.actionType];
	};
	beforeEach(() => eureka.register("CART", { metadata: { version: "1" } }));

	test("take an instance out of service, also when it registers again, and put it back", async () => {
		expect((await eureka.ask("PUT", `${path}/status?value=OUT_OF_SERVICE`)).status).toBe(200);
		expect(await status()).toEqual(["OUT_OF_SERVICE", "OUT_OF_SERVICE", "MODIFIED"]);
		expect((await eureka.get("/apps")).applications.apps__hashcode).toBe("OUT_OF_SERVICE_1_");
		await eureka.register("CART");
		expect(await status()).toEqual(["OUT_OF_SERVICE", "OUT_OF_SERVICE", "MODIFIED"]);
		expect((await eureka.ask("DELETE", `${path}/status?value=UP`)).status).toBe(200);
		expect(await status()).toEqual(["UP", "UNKNOWN", "MODIFIED"]);
	});

	test("cannot put an instance into service that says that it is down", async () => {
		await eureka.register("CART", { status: "DOWN" });
		await eureka.ask("PUT", `${path}/status?value=UP`);
		expect(await status()).toEqual(["DOWN", "UP", "MODIFIED"]);
	});

	test("get one sentence for a status that there is not", async () => {
		expect(await eureka.ask("PUT", `${path}/status?value=AWAY`)).toMatchObject({
			status: 400,
			text: "the value of a status is UP, DOWN, STARTING or OUT_OF_SERVICE\n",
		});
		expect((await eureka.ask("PUT", "/apps/CART/none/status?value=UP")).status).toBe(404);
	});

	test("set metadata beside what is there", async () => {
		expect((await eureka.ask("PUT", `${path}/metadata?zone=eu-1&a%20b=c`)).status).toBe(200);
		expect((await eureka.get(path)).instance.metadata).toEqual({ version: "1", zone: "eu-1", "a b": "c" });
		expect((await eureka.ask("PUT", "/apps/CART/none/metadata?a=b")).status).toBe(404);
	});
});

describe("what is refused", () => {
	const json = "application/json";
	test.each([
		["no JSON", json, "{", 400, /no JSON/],
		["no instance", json, "{}", 400, /has no instance/],
		["an instance that is a text", json, '{"instance":"x"}', 400, /Missing instanceId/],
		[
			"an instance without a host",
			json,
			'{"instance":{"instanceId":"a","app":"CART"}}',
			400,
			/Missing hostname/,
		],
		["an instance without an app", json, '{"instance":{"hostName":"a"}}', 400, /Missing appName/],
		["another app", json, '{"instance":{"hostName":"a","app":"x"}}', 400, /expecting CART but was X/],
		[
			"a port that is none",
			json,
			'{"instance":{"hostName":"a","app":"CART","port":{"$":70000}}}',
			400,
			/is no port/,
		],
		["XML that is none", "application/xml", "<instance>", 400, /cannot be read/],
		["another element", "text/xml", "<app/>", 400, /no element instance/],
		["a document type", "application/xml", "<!DOCTYPE instance><instance/>", 400, /is no element/],
		["text", "text/plain", "x", 415, /application\/json or application\/xml/],
		["nothing", undefined, "", 415, /application\/json/],
		["too much", json, `{"instance":"${"x".repeat(70_000)}"}`, 413, /65536/],
	])("%s", async (_, type, body, status, text) => {
		const answer = await eureka.ask("POST", "/apps/CART", { ...(type && { type }), body });
		expect(answer).toMatchObject({ status, text: expect.stringMatching(text) });
		expect(answer.text.split("\n").length).toBe(2);
		expect((await eureka.get("/apps")).applications.application).toEqual([]);
	});

	test("bytes that are not UTF-8", async () => {
		const body = Uint8Array.from([0xff, 0xfe]);
		expect((await eureka.ask("POST", "/apps/CART", { type: json, body })).status).toBe(400);
	});

	test("a path that is not encoded, and other verbs", async () => {
		expect((await eureka.ask("GET", "/apps/%zz")).status).toBe(400);
		for (const path of ["/apps", "/apps/CART", "/apps/CART/a", "/instances/a", "/vips/a"]) {
			expect((await eureka.ask("PATCH", path)).status).toBe(405);
		}
	});

	test("a class of Java that a stranger names", async () => {
		const dataCenterInfo = { "@class": "java.lang.ProcessBuilder", name: "MyOwn" };
		await eureka.register("CART", { dataCenterInfo, metadata: { "@class": "java.lang.Runtime", a: "b" } });
		const { instance } = await eureka.get("/apps/CART/a");
		expect(instance.dataCenterInfo["@class"]).toBe("com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo");
		expect(instance.metadata).toEqual({ a: "b" });
	});
});

test("what strangers register is bounded, for each and for all together", async () => {
	await using small = await startEureka({ maxInstanceBytes: 2_000, maxBytes: 20_000 });
	let registered = 0;
	while ((await small.register("CART", { instanceId: `i${registered}` })) === 204) registered++;
	expect(registered).toBeGreaterThan(3);
	expect(registered).toBeLessThan(20);
	expect(await small.register("CART", { instanceId: "further" })).toBe(503);
	// Registered instances can renew, change and leave.
	expect((await small.ask("PUT", "/apps/CART/i0")).status).toBe(200);
	expect(await small.register("CART", { instanceId: "i0" })).toBe(204);
	expect((await small.ask("PUT", `/apps/CART/i0/metadata?a=${"x".repeat(3_000)}`)).status).toBe(413);
	expect((await small.ask("DELETE", "/apps/CART/i0")).status).toBe(200);
	expect(await small.register("CART", { instanceId: "further" })).toBe(204);
	// Changes are forgotten before they take more memory, and a client that asks for forgotten ones does not get a part
	// of them.
	const before = (await small.get("/apps")).applications.versions__delta;
	for (let count = 0; count < 50; count++) {
		await small.register("CART", { instanceId: "i1", status: count % 2 === 0 ? "UP" : "DOWN" });
		await small.ask("DELETE", "/apps/CART/i1");
		await small.register("CART", { instanceId: "i2", status: "DOWN" });
		await small.ask("DELETE", "/apps/CART/i2");
		await small.register("CART", { instanceId: `j${count}` });
		await small.ask("DELETE", `/apps/CART/j${count}`);
	}
	const { applications } = await small.get("/apps/delta");
	expect(JSON.stringify(applications).length).toBeLessThan(5_000);
	expect((await small.ask("GET", `/apps/delta?since=${before}`)).status).toBe(404);
});

describe("leases", () => {
	const short = { leaseInfo: { durationInSecs: 1, renewalIntervalInSecs: 1 } };

	test("that are not renewed end, and those who ask for changes hear of it", async () => {
		await using strict = await startEureka({ selfPreservation: false });
		await strict.register("CART", short);
		await strict.register("STOCK");
		await vi.waitFor(
			async () => {
				expect((await strict.get("/apps")).applications.apps__hashcode).toBe("UP_1_");
			},
			{ timeout: 20_000 },
		);
		expect((await strict.ask("PUT", "/apps/CART/a")).status).toBe(404);
		expect((await strict.get("/apps/delta")).applications.application).toContainEqual(
			expect.objectContaining({
				name: "CART",
				instance: [expect.objectContaining({ actionType: "DELETED" })],
			}),
		);
	});

	test("stay while most instances are silent, and make room where somebody needs it", async () => {
		await using kept = await startEureka({ maxBytes: 20_000 });
		await kept.register("CART", short);
		await vi.waitFor(() => expect(kept.said.join()).toContain("warn fewer than 85 %"), { timeout: 20_000 });
		expect((await kept.get("/apps")).applications.apps__hashcode).toBe("UP_1_");
		let registered = 0;
		while ((await kept.register("STOCK", { instanceId: `i${registered}` })) === 204) registered++;
		expect((await kept.ask("GET", "/apps/CART")).status).toBe(404);
		expect((await kept.ask("GET", "/apps/STOCK/i0")).status).toBe(200);
	});

	test("of any length end within an hour", async () => {
		await eureka.register("CART", { leaseInfo: { durationInSecs: "2000000000" } });
		expect((await eureka.get("/apps/CART/a")).instance.leaseInfo.durationInSecs).toBe(3_600);
	});
});

test("the guard is asked about every request, before its body is read", async () => {
	const asked: string[] = [];
	const guard: Guard = ({ path, metadata }, ctx) => {
		asked.push(path);
		if (metadata.get("authorization") === "Basic c2hvcDpzM2NyZXQ=") return ctx;
		throw new ServiceError({ code: "unauthenticated" });
	};
	await using guarded = await startEureka({}, guard);
	const body = "not JSON";
	expect((await guarded.ask("POST", "/apps/CART", { type: "application/json", body })).status).toBe(401);
	expect((await guarded.ask("DELETE", "/apps/CART/a")).status).toBe(401);
	const headers = { authorization: "Basic c2hvcDpzM2NyZXQ=" };
	expect((await fetch(`${guarded.url}/apps`, { headers })).status).toBe(200);
	expect(asked).toEqual(["/eureka/apps/CART", "/eureka/apps/CART/a", "/eureka/apps"]);
});

test("another path can be given, but no other text", async () => {
	await using other = await startEureka({ path: "/registry/eureka" });
	expect(await other.register("CART")).toBe(204);
	expect(() => eurekaServer({ path: "eureka/" })).toThrow("one such as /eureka");
});
