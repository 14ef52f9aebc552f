import { describe, expect, test } from "vitest";
import { readXml } from "./xml-reader.ts";
import { writeXml } from "./xml-writer.ts";

describe("XML is read in the form that Eureka has in JSON", () => {
	test("elements become members, a lone text a string, attributes members with @", () => {
		const text = `<?xml version="1.0" encoding="UTF-8"?>
			<!-- by hand -->
			<instance>
				<app>SHOP</app>
				<port enabled='true'>8080</port>
				<dataCenterInfo class="Own"><name>MyOwn</name></dataCenterInfo>
				<metadata class="Empty"/>
				<none/>
			</instance>`;
		expect(readXml(text)).toEqual({
			name: "instance",
			value: {
				app: "SHOP",
				port: { "@enabled": "true", $: "8080" },
				dataCenterInfo: { "@class": "Own", name: "MyOwn" },
				metadata: { "@class": "Empty", $: "" },
				none: "",
			},
		});
	});

	test("the five entities, references to characters and sections of text stand for their characters", () => {
		expect(readXml("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F9C5;<![CDATA[<&>]]></a>").value).toBe(
			`<>&"'A🧅<&>`,
		);
	});

	test("what was written is read as it was", () => {
		const value = {
			"@class": "a\"b<c>&'",
			name: "line\r\n\ttab ü 🧅 ]]>",
			nested: { port: { "@on": "1", $: "2" } },
		};
		expect(readXml(writeXml("x", value)).value).toEqual(value);
	});

	test("a name such as __proto__ is a name", () => {
		const { value } = readXml("<a><__proto__>x</__proto__></a>");
		expect(Object.entries(value)).toEqual([["__proto__", "x"]]);
		expect(({} as Record<string, unknown>).x).toBeUndefined();
	});
});

describe("XML is refused", () => {
	test.each([
		["a document type", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, /is no element/],
		["an entity of its own", "<a>&b;</a>", /five entities/],
		["an entity that loads a file", `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, /is no element/],
		["an entity within an attribute", `<a b="&c;"/>`, /five entities/],
		["a bare &", "<a>this & that</a>", /five entities/],
		["an entity named as a member of objects", "<a>&constructor;</a>", /five entities/],
		["a character that XML does not allow", "<a>&#0;</a>", /five entities/],
		["half of a surrogate pair", "<a>&#xD800;</a>", /five entities/],
		["a reference beyond Unicode", "<a>&#x110000;</a>", /five entities/],
		["an instruction", "<a><?php x ?></a>", /is no element/],
		["another encoding", `<?xml version="1.0" encoding="UTF-16"?><a/>`, /UTF-8/],
		["elements that overlap", "<a><b></a></b>", /b does not end/],
		["an element that does not end", "<a><b>", /not one whole element/],
		["an end without a beginning", "</a>", /does not end/],
		["two documents", "<a/><b/>", /not one whole element/],
		["nothing", " ", /not one whole element/],
		["a text alone", "hello", /outside/],
		["a section that does not end", "<a><![CDATA[ </a>", /is no element/],
		["an attribute without quotes", "<a b=c/>", /is no element/],
		["elements in elements without end", "<a>".repeat(17), /more than 16 deep/],
	])("%s", (_, text, message) => {
		expect(() => readXml(text)).toThrow(
			expect.objectContaining({ code: "invalid_argument", message: expect.stringMatching(message) }),
		);
	});

	test("in time that grows with its length alone", () => {
		const texts = [
			`<a ${"b ".repeat(30_000)}`,
			`<a ${'b="c" '.repeat(10_000)}`,
			`<!--${"-".repeat(60_000)}`,
			"<".repeat(60_000),
			`<a>${"&".repeat(60_000)}`,
			`<a>${"<![CDATA[".repeat(6_000)}`,
			`<?xml ${"x".repeat(60_000)}`,
		];
		const before = process.threadCpuUsage();
		for (const text of texts) expect(() => readXml(text)).toThrow();
		// With quadratic time, this would take minutes.
		const { user, system } = process.threadCpuUsage(before);
		expect((user + system) / 1_000).toBeLessThan(5_000);
	});
});

test("a member whose name XML does not allow is not written, nor is a character that it does not have", () => {
	expect(writeXml("a", { "b c": "d", "1": "e", "@f g": "h", i: "j\u0000\ud800" })).toBe(
		"<a><i>j\ufffd\ufffd</i></a>",
	);
});
