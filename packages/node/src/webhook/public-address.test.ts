import { expect, test } from "vitest";
import { isPublicAddress, publicLookup } from "./public-address.ts";

test.each([
	"1.1.1.1",
	"8.8.8.8",
	"172.32.0.1",
	"192.167.0.1",
	"223.255.255.255",
	"2606:4700::1111",
	"::ffff:8.8.8.8",
])("%s leads into the internet", (address) => {
	expect(isPublicAddress(address)).toBe(true);
});

test.each([
	["this machine", "127.0.0.1"],
	["this machine", "127.255.0.1"],
	["this machine", "0.0.0.0"],
	["this machine", "::1"],
	["this machine", "::"],
	["this machine, in IPv6", "::ffff:127.0.0.1"],
	["this machine, in IPv6 and hexadecimal", "::ffff:7f00:1"],
	["a private network", "10.1.2.3"],
	["a private network", "172.16.0.1"],
	["a private network", "192.168.0.1"],
	["a private network, through NAT64", "64:ff9b::a01:203"],
	["a private network, through 6to4", "2002:a01:203::1"],
	["a private network", "fd00::1"],
	["this network", "fe80::1"],
	["the metadata of a cloud", "169.254.169.254"],
	["a provider's network", "100.64.0.1"],
	["a group", "224.0.0.1"],
	["a group", "ff02::1"],
	["everybody", "255.255.255.255"],
	["an example", "2001:db8::1"],
	["nowhere", "example.com"],
])("to %s, and not into the internet: %s", (_, address) => {
	expect(isPublicAddress(address)).toBe(false);
});

test.each([true, false])("a name of this machine resolves to nothing (all addresses: %s)", async (all) => {
	const { promise, resolve } = Promise.withResolvers<unknown>();
	publicLookup("localhost", { all }, resolve);
	expect(await promise).toMatchObject({ code: "permission_denied", reason: "private_address" });
});
