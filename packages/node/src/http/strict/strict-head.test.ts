import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { departingHeads } from "./fixtures/departing-heads.ts";
import { readStrictHead, type StrictHead } from "./strict-head.ts";

const most = 8 * 1024;

/** Reads a head of the given lines. */
function read(...lines: string[]): ReturnType<typeof readStrictHead> {
	const text = `${lines.join("\r\n")}\r\n\r\n`;
	return readStrictHead(Buffer.from(text, "latin1"), 0, most);
}

const get = "GET / HTTP/1.1";
const host = "Host: localhost";

describe("a head within the subset", () => {
	test("is its method, its target, and its headers in order, as they were written", () => {
		const head = read(
			"POST /a/b?c=d HTTP/1.1",
			"HOST: x",
			"Content-Length:12",
			"X-a:\t b c\t",
			"x-A:",
			"cookie: é",
		);
		expect(head).toEqual({
			method: "POST",
			target: "/a/b?c=d",
			rawHeaders: ["HOST", "x", "Content-Length", "12", "X-a", "b c", "x-A", "", "cookie", "é"],
			contentLength: 12,
			closes: false,
			text: expect.stringMatching(/^POST .*\r\n\r\n$/s),
		});
	});

	test("ends where its body begins, wherever it begins itself", () => {
		const text = `${get}\r\n${host}\r\n\r\n`;
		const bytes = Buffer.from(`xyz${text}body`);
		expect(readStrictHead(bytes, 3, most)).toMatchObject({ text, contentLength: 0 });
	});

	test.each([
		["close", true],
		["Close", true],
		["keep-alive", false],
		["Keep-Alive", false],
	])("says whether the connection ends: %s", (connection, closes) => {
		expect(read(get, host, `Connection: ${connection}`)).toMatchObject({ closes });
	});

	test.each([
		"GET",
		"HEAD",
		"POST",
		"PUT",
		"PATCH",
		"DELETE",
		"OPTIONS",
		"M-SEARCH",
		"PROPFIND",
		"QUERY",
		"PRI",
	])("has a method that Node knows: %s", (method) => {
		const head = read(`${method} / HTTP/1.1`, host);
		if (method === "PRI") expect(head).toBe("method");
		else expect(head).toMatchObject({ method });
	});

	test.each([
		["0", 0],
		["007", 7],
		["999999999999999", 999_999_999_999_999],
	])("has a length of digits: %s", (digits, contentLength) => {
		expect(read(get, host, `content-length: ${digits}`)).toMatchObject({ contentLength });
	});

	test("has at most the given bytes", () => {
		const text = `${get}\r\n${host}\r\n\r\n`;
		const bytes = Buffer.from(text);
		expect(readStrictHead(bytes, 0, text.length)).toMatchObject({ method: "GET" });
		expect(readStrictHead(bytes, 0, text.length - 1)).toBe("size");
	});

	test("has at most 500 headers", () => {
		const headers = Array.from({ length: 499 }, () => "a:b");
		expect(read(get, host, ...headers)).toMatchObject({ method: "GET" });
		expect(read(get, host, ...headers, "a:b")).toBe("size");
	});
});

describe("a head outside of the subset", () => {
	test.each(departingHeads)("is recognised: %s, by %j", (reason, lines) => {
		expect(read(...lines)).toBe(reason);
	});
});

describe("a head that is incomplete", () => {
	const whole = [
		"PROPPATCH /a/b?c HTTP/1.1",
		"Host: x",
		"Connection: keep-alive",
		"Content-Length: 2",
		"Te: a\tb ",
	];

	test("is neither, at whatever byte it is cut", () => {
		const bytes = Buffer.from(`${whole.join("\r\n")}\r\n\r\n`);
		for (let length = 0; length < bytes.length; length++) {
			expect(readStrictHead(bytes.subarray(0, length), 0, most)).toBeUndefined();
		}
		expect(readStrictHead(bytes, 0, most)).toMatchObject({ method: "PROPPATCH" });
	});

	test("is outside of the subset at the first byte that shows it", () => {
		const bytes = Buffer.from(`${get}\r\n${host}\r\ntransfer-encoding: chunked\r`);
		expect(readStrictHead(bytes.subarray(0, -1), 0, most)).toBeUndefined();
		expect(readStrictHead(bytes, 0, most)).toBe("transfer_encoding");
		expect(readStrictHead(Buffer.from("GEX"), 0, most)).toBe("method");
		expect(readStrictHead(Buffer.from("GET x"), 0, most)).toBe("target");
	});

	test("is outside of the subset as soon as it is too long", () => {
		expect(readStrictHead(Buffer.from(`GET /${"a".repeat(95)}`), 0, 100)).toBe("size");
	});
});

describe("any bytes", () => {
	const line = fc.constantFrom(
		...[
			"Host: a",
			"a: b",
			"a:",
			" a",
			"Content-Length: 3",
			"Connection: close",
			"x: \u00ff",
			"b : c",
			"\n",
			"\r",
		],
	);
	const text = fc.oneof(
		fc.array(line, { maxLength: 6 }).map((lines) => [get, ...lines, "", ""].join("\r\n")),
		fc.string({ unit: "binary-ascii", maxLength: 80 }),
		fc.string({ unit: "binary-ascii", maxLength: 40 }).map((end) => `${get}\r\n${host}\r\n${end}`),
	);

	test("mean the same in every cut: once a verdict is there, further bytes do not change it", () => {
		const property = fc.property(text, (all) => {
			const bytes = Buffer.from(all, "latin1");
			const verdict = readStrictHead(bytes, 0, most);
			let known: StrictHead | string | undefined;
			for (let length = 0; length <= bytes.length && known === undefined; length++) {
				known = readStrictHead(bytes.subarray(0, length), 0, most);
			}
			expect(verdict).toEqual(known);
		});
		fc.assert(property, { seed: 20_26, numRuns: 2_000 });
	});

	test("are read to the same headers again when they are written as they were read", () => {
		const property = fc.property(text, (all) => {
			const head = readStrictHead(Buffer.from(all, "latin1"), 0, most);
			if (head === undefined || typeof head === "string") return;
			const lines = [`${head.method} ${head.target} HTTP/1.1`];
			for (let index = 0; index < head.rawHeaders.length; index += 2) {
				lines.push(`${head.rawHeaders[index]}: ${head.rawHeaders[index + 1]}`);
			}
			expect(read(...lines)).toEqual({ ...head, text: expect.any(String) });
		});
		fc.assert(property, { seed: 20_26, numRuns: 2_000 });
	});
});
