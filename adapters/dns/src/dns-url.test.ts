import { isServiceError } from "@allium/core";
import { expect, test } from "vitest";
import { registry } from "./dns-registry.ts";
import { parseDnsUrl } from "./dns-url.ts";

test("a template has a name for each service", () => {
	const url = parseDnsUrl("dns:allium+tls://{service}.shop.svc.cluster.local:4000?services=orders, stock");
	expect(url.services).toEqual(["orders", "stock"]);
	expect(url.namesOf("cart")).toEqual([
		{ scheme: "allium+tls", host: "cart.shop.svc.cluster.local", port: 4000 },
	]);
});

test("a list has the names of its services alone", () => {
	const url = parseDnsUrl("dns:orders=a.test:4000,http://b.test.:80; stock = _allium._tcp.stock.test");
	expect(url.services).toEqual(["orders", "stock"]);
	expect(url.namesOf("orders")).toEqual([
		{ scheme: "allium", host: "a.test", port: 4000 },
		{ scheme: "http", host: "b.test", port: 80 },
	]);
	expect(url.namesOf("stock")).toEqual([
		{ scheme: "allium", host: "_allium._tcp.stock.test", port: undefined },
	]);
	expect(url.namesOf("cart")).toEqual([]);
});

test.each([
	["dns:", '"dns:" names nothing; write dns:{service}.'],
	["dns:orders.test:4000", '"dns:orders.test:4000" does not say which service it is of; write dns:{service}'],
	["dns:orders=a.test:4000;stock", '"stock" has no "="; write dns:{service}'],
	["dns:orders=", '"" is not a name in DNS; write name:port for A and AAAA records'],
	["dns:orders=10.0.0.1:4000", '"10.0.0.1:4000" is an address, which static: lists'],
	["dns:orders=a..test:4000", '"a..test:4000" is not a name in DNS'],
	["dns:orders=a.test:0", '"a.test:0" has no port from 1 to 65535'],
	["dns:orders=a.test:99999", '"a.test:99999" has no port from 1 to 65535'],
	["dns:orders=http://me:secret@a.test:1", "is not a name in DNS"],
	["dns:{service}.test:4000?services=a b", 'services has "a b", which is not the name of a service'],
	["dns:orders=a.test:1?services=orders", "services belongs to a template with {service}"],
	["dns:{service}.test:4000?sever=10.0.0.1", '"dns:" takes no parameter "sever"; it takes server, services,'],
	[
		"dns:{service}.test:4000?server=ns.test",
		'the parameter server of "dns:" is "ns.test", but takes an address',
	],
	["dns:{service}.test:4000?family=5", 'the parameter family of "dns:" is "5", but takes 4 or 6 or any'],
	[
		"dns:{service}.test?priorities=some",
		'the parameter priorities of "dns:" is "some", but takes first or all',
	],
	["dns:{service}.test:4000?pollMs=5s", 'the parameter pollMs of "dns:" is "5s", but takes milliseconds'],
])("a URL that is wrong is refused in one sentence: %s", (url, sentence) => {
	let failure: unknown;
	try {
		registry(url);
	} catch (error) {
		failure = error;
	}
	expect(isServiceError(failure) && failure.code).toBe("invalid_argument");
	expect(failure).toHaveProperty("message", expect.stringContaining(sentence));
});

test.each(["10.0.0.10", "127.0.0.1:5353", "::1", "[::1]:5353", "10.0.0.10,[fd00::1]:53"])(
	"a server is an address, with or without a port: %s",
	(server) => {
		expect(() => registry(`dns:{service}.test:4000?server=${encodeURIComponent(server)}`)).not.toThrow();
	},
);

test("a duration of code that is none is refused", () => {
	expect(() => registry("dns:{service}.test:4000", { pollMs: 0 })).toThrow("pollMs takes milliseconds");
});
