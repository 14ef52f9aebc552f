import { describe, expect, test } from "vitest";
import { readProxyHeader } from "./proxy-header.ts";
import { proxiedFrom } from "./proxy-protocol.ts";

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

function binary(
	kind: number,
	block: readonly number[],
	{ command = 0x21, length = block.length } = {},
): Buffer {
	return Buffer.concat([signature, Buffer.from([command, kind, length >> 8, length & 0xff, ...block])]);
}

const ipv4 = [203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];
const ipv6 = [
	...Array.from({ length: 15 }, () => 0),
	1,
	...Array.from({ length: 16 }, () => 0),
	0x1f,
	0x90,
	0,
	80,
];

describe("a header of the PROXY protocol", () => {
	test.each([
		["version 1, IPv4", Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 8080 80\r\n"), "203.0.113.7:8080"],
		["version 1, IPv6", Buffer.from("PROXY TCP6 2001:db8::7 ::1 8080 80\r\n"), "[2001:db8::7]:8080"],
		["version 1, unknown", Buffer.from("PROXY UNKNOWN whatever\r\n"), undefined],
		["version 2, IPv4", binary(0x11, ipv4), "203.0.113.7:8080"],
		["version 2, IPv6", binary(0x21, ipv6), "[::1]:8080"],
		["version 2 with more facts", binary(0x11, [...ipv4, 4, 0, 1, 0]), "203.0.113.7:8080"],
		["version 2, of the balancer itself", binary(0x11, ipv4, { command: 0x20 }), undefined],
		["version 2, of another kind", binary(0x31, []), undefined],
	])("tells where a connection comes from: %s", (_, header, found) => {
		const bytes = Buffer.concat([header, Buffer.from("GET /")]);
		expect(readProxyHeader(bytes)).toEqual({ found, used: header.length });
		for (let length = 1; length < header.length; length++) {
			expect(readProxyHeader(bytes.subarray(0, length))).toBeUndefined();
		}
	});

	test.each([
		["no header", Buffer.from("GET / HTTP/1.1\r\n")],
		["an address that is none", Buffer.from("PROXY TCP4 203.0.113.777 10.0.0.1 8080 80\r\n")],
		["an address of the other family", Buffer.from("PROXY TCP4 ::1 10.0.0.1 8080 80\r\n")],
		["a port that is none", Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 65536 80\r\n")],
		["a port with a sign", Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 +80 80\r\n")],
		["words too many", Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 80 80 80\r\n")],
		["words too few", Buffer.from("PROXY TCP4 203.0.113.7\r\n")],
		["a line without end", Buffer.from(`PROXY TCP4 ${"1".repeat(200)}`)],
		["version 3", binary(0x11, ipv4, { command: 0x31 })],
		["an unknown command", binary(0x11, ipv4, { command: 0x22 })],
		["more than is taken", binary(0x11, ipv4, { length: 4_000 })],
		["addresses that are cut off", binary(0x11, [1, 2, 3])],
		["IPv6 addresses that are cut off", binary(0x21, ipv4)],
	])("is refused when it is malformed: %s", (_, bytes) => {
		expect(() => readProxyHeader(bytes)).toThrow();
	});
});

describe("where a header is expected from", () => {
	test("is nowhere or everywhere", () => {
		expect(proxiedFrom(undefined)("127.0.0.1")).toBe(false);
		expect(proxiedFrom(false)("127.0.0.1")).toBe(false);
		expect(proxiedFrom(true)("203.0.113.7")).toBe(true);
	});

	test("are the networks that are named", () => {
		const isProxied = proxiedFrom({ from: ["10.0.0.0/8", "192.168.1.7", "fd00::/8"] });
		const proxied = ["10.9.8.7", "192.168.1.7", "fd00::1", "::ffff:10.1.2.3"];
		expect(proxied.filter(isProxied)).toEqual(proxied);
		expect(["11.0.0.1", "192.168.1.8", "fe80::1", undefined].filter(isProxied)).toEqual([]);
	});

	test.each(["10.0.0.0/33", "fd00::/129", "10.0.0.0/", "balancer", "10.0.0.0/a", ""])(
		"refuses what is no network: %j",
		(network) => {
			expect(() => proxiedFrom({ from: [network] })).toThrow(`proxyProtocol is "${network}", but takes`);
		},
	);
});
