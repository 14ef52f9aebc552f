import { expect, test } from "vitest";
import { parseAuthority } from "./authority.ts";

test.each([
	["10.0.0.3:4000", "10.0.0.3", 4000],
	["add.internal", "add.internal", undefined],
	["localhost:0", "localhost", 0],
	["my_host-1.example.", "my_host-1.example.", undefined],
	["[::1]:4000", "::1", 4000],
	["[fe80::1%eth0]", "fe80::1%eth0", undefined],
	["::1", "::1", undefined],
])("%s is an authority", (text, host, port) => {
	expect(parseAuthority(text)).toEqual({ host, port });
});

test.each([
	["a URL", "http://x"],
	["a path", "/x"],
	["a port alone", "9090"],
	["a port behind nothing", ":80"],
	["a port above 65535", "x:99999"],
	["an incomplete address", "10.0.1"],
	["blanks", "a b"],
	["controls", "a\x1b[2J"],
	["a name in brackets", "[x]:1"],
	["two ports", "a:1:2"],
	["nothing", ""],
])("%s is none", (_, text) => {
	expect(parseAuthority(text)).toBeUndefined();
});
