import { expect, test } from "vitest";
import { readQuery } from "./query.ts";

test.each([
	["/a", []],
	["/a?", []],
	[
		"/a?x=1&x=2&y=a+b",
		[
			["x", "1"],
			["x", "2"],
			["y", "a b"],
		],
	],
	[
		"/a?x=%E4%B8%96%F0%9F%8E%89&%C3%BC=%20",
		[
			["x", "世🎉"],
			["ü", " "],
		],
	],
	[
		"/a?x=100%&y=%zz&z=%EF%BF%BD",
		[
			["x", "100%"],
			["y", "%zz"],
			["z", "\ufffd"],
		],
	],
])("%s is read", (url, pairs) => {
	expect([...readQuery(url)]).toEqual(pairs);
});

test.each(["/a?x=%FF", "/a?x=%C3", "/a?%C3%28=1", "/a?x=%ED%A0%80", "/a?x=%C0%AF", "/a?x=ok%e4%b8"])(
	"%s is not UTF-8, and refused",
	(url) => {
		expect(() => readQuery(url)).toThrow(/^the query is not UTF-8: %/);
	},
);
