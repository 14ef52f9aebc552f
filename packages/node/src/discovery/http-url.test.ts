import { expect, test } from "vitest";
import { httpUrl, httpUrlOf } from "./http-url.ts";

test.each([
	["allium://127.0.0.1:4000", "http://127.0.0.1:4000"],
	["allium+tls://add.internal:4000/", "https://add.internal:4000"],
	["http://127.0.0.1:4000/base/", "http://127.0.0.1:4000/base"],
])("the port of %s speaks HTTP at %s", (address, url) => {
	expect(httpUrl(address)).toBe(url);
});

test.each([
	[["allium://a:1", "http://a:1"], "http://a:1"],
	[["allium+tls://a:1"], "https://a:1"],
	[["nats://a:1", "allium://a:1"], "http://a:1"],
	[["nats://a:1"], undefined],
	[[], undefined],
])("an instance with the addresses %j speaks HTTP at %s", (addresses, url) => {
	expect(httpUrlOf(addresses)).toBe(url);
});
