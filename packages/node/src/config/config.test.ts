import { describe, expect, test } from "vitest";
import { defaultHttpReader } from "../http/http-reader.ts";
import { readConfig } from "./config.ts";
import { maskUrl } from "./mask-url.ts";

describe("the configuration", () => {
	test("is local by default", () => {
		expect(readConfig({})).toEqual({
			namespace: "default",
			backends: {
				registry: { url: "sqlite:", source: "the default" },
				broker: { url: "sqlite:", source: "the default" },
				eventStore: { url: "sqlite:", source: "the default" },
				viewStore: { url: "sqlite:", source: "the default" },
			},
			transport: undefined,
			schemes: [],
			host: undefined,
			hosts: [],
			port: 0,
			advertise: undefined,
			zone: undefined,
			labels: {},
			tls: undefined,
			proxyProtocol: false,
			httpReader: defaultHttpReader,
			waitForReady: false,
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
			ALLIUM_TRANSPORT: "nats://broker:4222",
			ALLIUM_SCHEMES: "allium+tls, nats",
			ALLIUM_HTTP: "node",
		});
		expect(config).toEqual({
			namespace: "staging",
			backends: {
				registry: { url: "nats://broker:4222", source: "ALLIUM_REGISTRY" },
				broker: { url: "sqlite:", source: "the default" },
				eventStore: { url: "sqlite:", source: "the default" },
				viewStore: { url: "sqlite:", source: "the default" },
			},
			transport: { url: "nats://broker:4222", source: "ALLIUM_TRANSPORT" },
			schemes: ["allium+tls", "nats"],
			host: "0.0.0.0",
			hosts: ["api.example.org", "*.example.net"],
			port: 4000,
			advertise: "add.internal",
			zone: "eu-1",
			labels: { tier: "gold", canary: "" },
			tls: undefined,
			proxyProtocol: false,
			httpReader: "node",
			waitForReady: false,
		});
	});

	test("prefers code, then the port's own variable, then that for all, then the platform's bindings", () => {
		const vcap = JSON.stringify({
			"user-provided": [{ name: "allium-registry", credentials: { uri: "nats://bound:4222" } }],
		});
		const chosen = (...given: Parameters<typeof readConfig>) => readConfig(...given).backends.registry;
		expect(chosen({ VCAP_SERVICES: vcap }).url).toBe("nats://bound:4222");
		const all = { VCAP_SERVICES: vcap, ALLIUM_URL: "nats://all:4222" };
		expect(chosen(all)).toEqual({ url: "nats://all:4222", source: "ALLIUM_URL", otherwise: "sqlite:" });
		const own = { ...all, ALLIUM_REGISTRY: "consul://own:8500" };
		expect(chosen(own).url).toBe("consul://own:8500");
		expect(chosen(own, { registry: "sqlite:./here" })).toEqual({
			url: "sqlite:./here",
			source: "registry",
			isOption: true,
		});
	});

	test("takes the transport from code, its own variable or a binding of its own, and not from ALLIUM_URL", () => {
		const vcap = JSON.stringify({
			"user-provided": [{ name: "allium-transport", credentials: { uri: "nats://bound:4222" } }],
		});
		const chosen = (...given: Parameters<typeof readConfig>) => readConfig(...given).transport;
		expect(chosen({ ALLIUM_URL: "nats://all:4222" })).toBeUndefined();
		expect(chosen({ VCAP_SERVICES: vcap })?.url).toBe("nats://bound:4222");
		const own = { VCAP_SERVICES: vcap, ALLIUM_TRANSPORT: "nats://own:4222" };
		expect(chosen(own)).toEqual({ url: "nats://own:4222", source: "ALLIUM_TRANSPORT" });
		expect(chosen(own, { transport: "nats://code:4222" })).toEqual({
			url: "nats://code:4222",
			source: "transport",
			isOption: true,
		});
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
		[{ ALLIUM_SCHEMES: "allium:" }, 'ALLIUM_SCHEMES is "allium:", but takes schemes without their colon'],
		[
			{ ALLIUM_TRANSPORT: "broker" },
			'ALLIUM_TRANSPORT is "broker", but takes a URL, such as nats://127.0.0.1:4222',
		],
		[{ ALLIUM_REGISTRY: "localhost" }, 'ALLIUM_REGISTRY is "localhost", but takes a URL'],
		[
			{ ALLIUM_LISTEN: "9090" },
			'ALLIUM_LISTEN is "9090", but takes host:port, such as 127.0.0.1:4000 or [::1]:4000; for the port alone write :9090',
		],
		[{ ALLIUM_LISTEN: "http://x:80" }, 'ALLIUM_LISTEN is "http://x:80", but takes host:port'],
		[{ ALLIUM_LISTEN: "::1:4000" }, 'ALLIUM_LISTEN is "::1:4000", but takes host:port'],
		[{ ALLIUM_LISTEN: ":99999" }, 'ALLIUM_LISTEN is ":99999", but takes host:port'],
		[{ ALLIUM_LISTEN: "localhost:99999" }, 'ALLIUM_LISTEN is "localhost:99999", but takes host:port'],
		[{ ALLIUM_ADVERTISE: "http://x" }, 'ALLIUM_ADVERTISE is "http://x", but takes host or host:port'],
		[{ ALLIUM_ADVERTISE: ":80" }, 'ALLIUM_ADVERTISE is ":80", but takes host or host:port'],
		[{ ALLIUM_ADVERTISE: "a b" }, 'ALLIUM_ADVERTISE is "a b", but takes host or host:port'],
		[{ ALLIUM_ZONE: "eu\x1b[2J" }, 'ALLIUM_ZONE is "eu\\u001b[2J", but takes letters that can be printed'],
		[{ ALLIUM_LABELS: "a=\x9b" }, 'ALLIUM_LABELS is "a=\\u009b", but takes key=value,key=value'],
		[{ ALLIUM_LABELS: "a=b,,c=d" }, 'ALLIUM_LABELS is "a=b,,c=d", but takes key=value,key=value'],
		[{ ALLIUM_URL: "localhost" }, 'ALLIUM_URL is "localhost", but takes a URL, such as sqlite:'],
		[{ ALLIUM_TLS_CLIENTS: "all" }, 'ALLIUM_TLS_CLIENTS is "all", but takes require, request, ignore'],
		[{ ALLIUM_TLS_CLIENTS: "require" }, "ALLIUM_TLS_CLIENTS is set, but has no effect without TLS"],
		[{ ALLIUM_TLS_PLAIN: "no" }, 'ALLIUM_TLS_PLAIN is "no", but takes refuse, loopback, allow'],
		[{ ALLIUM_TLS_CA: "/no" }, "the TLS authorities (tls.ca, ALLIUM_TLS_CA) names /no, which does not exist"],
		[
			{ ALLIUM_PROXY_PROTOCOL: "maybe" },
			'ALLIUM_PROXY_PROTOCOL is "maybe", but takes true, false, or addresses and networks',
		],
		[{ ALLIUM_HTTP: "fast" }, 'ALLIUM_HTTP is "fast", but takes strict, node'],
		[{ ALLIUM_HOSTS: "http://x" }, "ALLIUM_HOSTS takes hosts without scheme and port"],
		[{ VCAP_SERVICES: "{" }, "VCAP_SERVICES is not a JSON object of lists"],
		[{ VCAP_SERVICES: '{"a":[null]}' }, "VCAP_SERVICES is not a JSON object of lists"],
	])("names the variable that is wrong and what it takes: %j", (env, message) => {
		expect(() => readConfig(env)).toThrow(message);
	});

	test("names the option of code that is wrong, as its caller calls it", () => {
		const read = () => readConfig({}, { namespace: "a b" }, (option) => `--${option}`);
		expect(read).toThrow('--namespace is "a b", but takes');
		expect(() => readConfig({}, { host: "x:80" })).toThrow('host is "x:80", but takes a host without a port');
	});

	test("masks passwords and tokens where it is printed", () => {
		expect(maskUrl("nats://user:secret@broker:4222/x")).toBe("nats://user:***@broker:4222/x");
		expect(maskUrl("static:a=http://u:p@a:1,http://u:q@b:2")).toBe(
			"static:a=http://u:***@a:1,http://u:***@b:2",
		);
		expect(maskUrl("nats://me:secret@a:1,me:secret@b:2")).toBe("nats://me:***@a:1,me:***@b:2");
		expect(maskUrl("nats://a:1?token=secret&bucket=b")).toBe("nats://a:1?token=***&bucket=b");
		expect(maskUrl("sqlite:")).toBe("sqlite:");
	});
});
