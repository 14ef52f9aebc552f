import { expect, test } from "vitest";
import { escaped, json } from "./html.ts";
import { frontPage } from "./page.ts";

test("what strangers wrote is neither markup nor what controls or reorders a text", () => {
	expect(escaped("<b>\x1b[2J\x9b\u202e")).toBe("&lt;b&gt;\\u001b[2J\\u009b\\u202e");
	expect(json({ a: "\x9b<" })).toBe("{\n  &quot;a&quot;: &quot;\\u009b&lt;&quot;\n}");
});

test("the page for programs is the same JSON, without anything that controls a terminal", () => {
	const problems = [{ service: "a\x9b\u202e", why: "\x1b[2J" }];
	const listing = { services: [], proxies: [], conflicts: [], problems };
	const { text } = frontPage(listing, "application/json");
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
	expect(text).not.toMatch(/[\0-\x1f\x7f-\x9f\u202e]/);
	expect(JSON.parse(text)).toMatchObject({ problems });
});
