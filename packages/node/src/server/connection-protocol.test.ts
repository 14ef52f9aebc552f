import { Endpoints, silentLogger } from "@allium/core";
import { SparingLog } from "@allium/core/transport";
import { expect, test } from "vitest";
import { beginsHttp2 } from "../http/http2-reader.ts";
import { type ConnectionProtocol, protocolOf } from "./connection-protocol.ts";
import { FramesProtocol } from "./frames-protocol.ts";

function protocol(name: string, begins: ConnectionProtocol["begins"]): ConnectionProtocol {
	return {
		name,
		begins,
		alpn: name,
		schemes: undefined,
		accept() {},
		refuse() {},
		async drain() {},
		close() {},
	};
}

const frames = new FramesProtocol(undefined, new Endpoints(), new SparingLog(silentLogger));
const protocols = [frames, protocol("HTTP/2", beginsHttp2), protocol("HTTP/1.1", () => true)];

function of(text: string): string | undefined {
	return protocolOf(protocols, Buffer.from(text, "latin1"))?.name;
}

test("the first byte tells frames", () => {
	expect(of("\xa1")).toBe("frames");
});

test("P takes up to four bytes to tell HTTP/2 from HTTP/1.1", () => {
	for (const text of ["", "P", "PR", "PRI"]) expect(of(text)).toBeUndefined();
	for (const text of ["PRI ", "PRI * HTTP/2.0"]) expect(of(text)).toBe("HTTP/2");
	for (const text of ["PO", "PRO", "PRIX"]) expect(of(text)).toBe("HTTP/1.1");
});

test("everything else is for HTTP/1.1 to judge", () => {
	for (const text of ["GET / HTTP/1.1", "\0\0\0\0"]) expect(of(text)).toBe("HTTP/1.1");
});
