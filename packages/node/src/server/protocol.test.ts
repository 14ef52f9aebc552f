import { expect, test } from "vitest";
import { protocolOf } from "./protocol.ts";

function of(text: string) {
	return protocolOf(Buffer.from(text, "latin1"));
}

test("the first byte tells frames and TLS", () => {
	expect(of("\xa1")).toBe("frames");
	expect(of("\x16\x03\x01")).toBe("tls");
});

test("P takes up to four bytes to tell HTTP/2 from HTTP/1.1", () => {
	expect(of("")).toBeUndefined();
	expect(of("P")).toBeUndefined();
	expect(of("PR")).toBeUndefined();
	expect(of("PRI")).toBeUndefined();
	expect(of("PRI ")).toBe("http2");
	expect(of("PRI * HTTP/2.0")).toBe("http2");
	expect(of("PO")).toBe("http1");
	expect(of("PRO")).toBe("http1");
	expect(of("PRIX")).toBe("http1");
});

test("everything else is for HTTP/1.1 to judge", () => {
	expect(of("GET / HTTP/1.1")).toBe("http1");
	expect(of("\0\0\0\0")).toBe("http1");
});
