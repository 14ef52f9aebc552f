import { expect, test } from "vitest";
import { isOriginAllowed } from "./origin.ts";

test("a client that is no browser says no origin, and may", () => {
	expect(isOriginAllowed(undefined, "api.example.org", [])).toBe(true);
});

test("pages of the same host and port may, whatever the scheme before a proxy", () => {
	expect(isOriginAllowed("http://127.0.0.1:4000", "127.0.0.1:4000", [])).toBe(true);
	expect(isOriginAllowed("https://api.example.org", "API.example.org", [])).toBe(true);
	expect(isOriginAllowed("https://api.example.org", "api.example.org:443", [])).toBe(true);
});

test("pages of other hosts, ports and of no host at all may not", () => {
	expect(isOriginAllowed("http://127.0.0.1:4001", "127.0.0.1:4000", [])).toBe(false);
	expect(isOriginAllowed("https://example.org", "api.example.org", [])).toBe(false);
	expect(isOriginAllowed("https://api.example.org.evil.test", "api.example.org", [])).toBe(false);
	expect(isOriginAllowed("null", "null", ["null"])).toBe(false);
	expect(isOriginAllowed("", "", [])).toBe(false);
	expect(isOriginAllowed("https://api.example.org", undefined, [])).toBe(false);
});

test("pages of the named origins may, or of all", () => {
	const origins = ["https://app.example.org", "http://localhost:5173/"];
	expect(isOriginAllowed("https://app.example.org", "api.example.org", origins)).toBe(true);
	expect(isOriginAllowed("http://localhost:5173", "api.example.org", origins)).toBe(true);
	expect(isOriginAllowed("http://app.example.org", "api.example.org", origins)).toBe(false);
	expect(isOriginAllowed("https://anybody.test", "api.example.org", ["*"])).toBe(true);
});
