import { expect, test } from "vitest";
import { preferredEncoding } from "./accept-encoding.ts";

test.each([
	["", undefined],
	["br", "br"],
	["gzip, deflate, br", "br"],
	["gzip", "gzip"],
	["x-gzip", "gzip"],
	["GZIP", "gzip"],
	["deflate", undefined],
	["gzip;q=0.8, br;q=0.1", "gzip"],
	["gzip;q=0.8, br; q=0.8", "br"],
	["gzip, br;q=0", "gzip"],
	["*", "br"],
	["*, br;q=0", "gzip"],
	["*;q=0", undefined],
	["gzip;q=0.5, *;q=0.7", "br"],
	["identity, gzip;q=0.5", undefined],
	["identity;q=0.5, gzip;q=0.6", "gzip"],
	["identity;q=0, gzip;q=0.001", "gzip"],
	["identity, gzip", "gzip"],
	["gzip;q=2", undefined],
	["gzip;q=x", undefined],
])("of brotli and gzip, in this order, %j wants %s", (accepted, encoding) => {
	expect(preferredEncoding(accepted, ["br", "gzip"])).toBe(encoding);
});
