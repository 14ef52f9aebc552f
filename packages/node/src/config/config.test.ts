import { describe, expect, test } from "vitest";
import { maskUrl, readConfig } from "./config.ts";

describe("the configuration", () => {
	test("is local by default", () => {
		expect(readConfig({})).toEqual({
			namespace: "default",
			registry: "sqlite:",
			host: undefined,
			hosts: [],
			port: 0,
			advertise: undefined,
			zone: undefined,
			labels: {},
			tls: undefined,
			proxyProtocol: false,
		});
	});

	test("reads the environment", () => {
		const config = readConfig({
			ALLIUM_REGISTRY: "nats://broker:4222",
			ALLIUM_NAMESPACE: "staging",
			ALLIUM_LISTEN: "0.0.0.0:4000",
			ALLIUM_HOSTS: "api.example.org, *.example.net",
			ALLIUM_ADVERTISE: "add.internal",
			ALLIUM_ZONE: "eu-1",
			ALLIUM_LABELS: "tier=gold, canary=",
		});
		expect(config).toEqual({
			namespace: "staging",
			registry: "nats://broker:4222",
			host: "0.0.0.0",
			hosts: ["api.example.org", "*.example.net"],
			port: 4000,
			advertise: "add.internal",
			zone: "eu-1",
			labels: { tier: "gold", canary: "" },
			tls: undefined,
			proxyProtocol: false,
		});
	});

	test("prefers code, then the port's own variable, then that for all, then the platform's bindings", () => {
		const vcap = JSON.stringify({
			"user-provided": [{ name: "allium-registry", credentials: { uri: "nats://bound:4222" } }],
		});
		expect(readConfig({ VCAP_SERVICES: vcap }).registry).toBe("nats://bound:4222");
		const all = { VCAP_SERVICES: vcap, ALLIUM_URL: "nats://all:4222" };
		expect(readConfig(all).registry).toBe("nats://all:4222");
		const own = { ...all, ALLIUM_REGISTRY: "consul://own:8500" };
		expect(readConfig(own).registry).toBe("consul://own:8500");
		expect(readConfig(own, { registry: "sqlite:./here" }).registry).toBe("sqlite:./here");
	});

	test("takes PORT before the port of ALLIUM_LISTEN", () => {
		expect(readConfig({ PORT: "8081", ALLIUM_LISTEN: "127.0.0.1:4000" })).toMatchObject({
			host: "127.0.0.1",
			port: 8081,
		});
		expect(readConfig({ ALLIUM_LISTEN: "[::1]:4000" })).toMatchObject({ host: "::1", port: 4000 });
		expect(readConfig({ ALLIUM_LISTEN: ":4000" })).toMatchObject({ host: undefined, port: 4000 });
	});

	test("treats an empty variable as not set", () => {
		expect(readConfig({ ALLIUM_REGISTRY: "", PORT: "", ALLIUM_LABELS: "" })).toEqual(readConfig({}));
	});

	test.each([
		[{ PORT: "http" }, 'PORT is "http", but takes a port from 0 (any free one) to 65535'],
		[{ PORT: "65536" }, 'PORT is "65536", but takes a port'],
		[{ ALLIUM_LISTEN: "a:b:c" }, 'ALLIUM_LISTEN is "a:b:c", but takes host:port'],
		[{ ALLIUM_HOSTS: "https://a.org" }, "ALLIUM_HOSTS takes hosts without scheme and port, such as"],
		[{ ALLIUM_LABELS: "gold" }, 'ALLIUM_LABELS is "gold", but takes key=value,key=value'],
		[{ ALLIUM_NAMESPACE: "a b" }, 'ALLIUM_NAMESPACE is "a b", but takes'],
		[{ ALLIUM_REGISTRY: "localhost" }, 'ALLIUM_REGISTRY is "localhost", but takes a URL'],
		[{ VCAP_SERVICES: "{" }, "VCAP_SERVICES is not a JSON object"],
	])("names the variable that is wrong and what it takes: %j", (env, message) => {
		expect(() => readConfig(env)).toThrow(message);
	});

	test("masks passwords where it is printed", () => {
		expect(maskUrl("nats://user:secret@broker:4222/x")).toBe("nats://user:***@broker:4222/x");
		expect(maskUrl("sqlite:")).toBe("sqlite:");
	});
});
