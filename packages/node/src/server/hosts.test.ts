import { describe, expect, test } from "vitest";
import { Hosts, hostOf } from "./hosts.ts";

function bound(address: string, named?: readonly string[], own?: readonly string[]): Hosts {
	const hosts = new Hosts(named, own);
	hosts.bound(address);
	return hosts;
}

describe("on an address of this machine alone", () => {
	test.each([
		"localhost",
		"LOCALHOST:4000",
		"localhost.:4000",
		"greeter.localhost:4000",
		"127.0.0.1",
		"127.8.9.1:80",
		"[::1]",
		"[::1]:4000",
		"[0:0:0:0:0:0:0:1]:4000",
	])("%j may call", (authority) => {
		expect(bound("127.0.0.1").allows(authority)).toBe(true);
		expect(bound("::1").allows(authority)).toBe(true);
	});

	test.each([
		"evil.example.com",
		"evil.example.com:4000",
		"localhost.evil.example",
		"127.0.0.1.evil.example",
		"notlocalhost",
		"10.0.0.1",
		"[fe80::1]:4000",
		"0.0.0.0:4000",
		"localhost@evil.example",
		"evil.example/localhost",
		"localhost:4000:4000",
		"localhost, evil.example",
		"::1",
		" ",
	])("%j may not", (authority) => {
		expect(bound("127.0.0.1").allows(authority)).toBe(false);
		expect(bound("::1").allows(authority)).toBe(false);
	});

	test("a request that names no host may call, as no browser sends one", () => {
		expect(bound("127.0.0.1").allows(undefined)).toBe(true);
		expect(bound("127.0.0.1").allows("")).toBe(true);
	});

	test("a host that the operator names may call, with each port and in each case", () => {
		const hosts = bound("127.0.0.1", ["Api.example.org", "[2001:DB8::1]", "203.0.113.5"]);
		for (const host of ["api.example.org", "API.EXAMPLE.ORG:8080", "[2001:db8:0::1]:80", "203.0.113.5"]) {
			expect(hosts.allows(host)).toBe(true);
		}
		expect(hosts.allows("localhost")).toBe(true);
		expect(hosts.allows("other.example.org")).toBe(false);
		expect(hosts.allows("203.0.113.6")).toBe(false);
	});

	test("*. before a name stands for all names below it", () => {
		const hosts = bound("127.0.0.1", ["*.example.org"]);
		expect(hosts.allows("a.b.example.org:80")).toBe(true);
		expect(hosts.allows("example.org")).toBe(false);
		expect(hosts.allows("evilexample.org")).toBe(false);
	});

	test("* stands for all", () => {
		const hosts = bound("127.0.0.1", ["*"]);
		expect(hosts.isOpen).toBe(true);
		expect(hosts.allows("evil.example.com")).toBe(true);
	});

	test("what it is advertised as may call", () => {
		const hosts = bound("127.0.1.1", [], ["machine", "add.internal:4000"]);
		expect(hosts.allows("machine:4000")).toBe(true);
		expect(hosts.allows("add.internal")).toBe(true);
		expect(hosts.allows("evil.example.com")).toBe(false);
	});
});

describe("on an address that others reach", () => {
	test("each host may call", () => {
		expect(bound("0.0.0.0").isOpen).toBe(true);
		expect(bound("::").allows("api.example.org")).toBe(true);
	});

	test("where hosts are named, only those may be called, and addresses, as health checks do", () => {
		const hosts = bound("0.0.0.0", ["api.example.org"], ["add.internal"]);
		for (const host of ["api.example.org", "add.internal", "localhost:80", "10.0.0.7:80", "[fd00::7]"]) {
			expect(hosts.allows(host)).toBe(true);
		}
		expect(hosts.allows("evil.example.com")).toBe(false);
	});
});

test.each(["https://api.example.org", "api.example.org:8080", "", "a b", "*.", "a.*.org", "[::1]:80"])(
	"%j is refused as a host, with what it takes",
	(host) => {
		expect(() => new Hosts([host])).toThrow(
			`hosts takes hosts without scheme and port, such as api.example.org, *.example.org, or * for all, and got ${JSON.stringify(host)}`,
		);
	},
);

test("an authority is a host and a port", () => {
	expect(hostOf("example.org:80")).toBe("example.org");
	expect(hostOf("[::1]:80")).toBe("::1");
	expect(hostOf("example.org:")).toBe("example.org");
	expect(hostOf("user@example.org")).toBeUndefined();
	expect(hostOf("")).toBeUndefined();
});
