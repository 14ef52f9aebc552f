/** What a connection speaks, by its first bytes. */
export type Protocol = "frames" | "tls" | "http2" | "http1";

const framesByte = 0xa1;
const tlsHandshakeByte = 0x16;
/** How the preface of HTTP/2 begins. `P` and `PR` may yet become `POST` or `PROPFIND`. */
const http2Preface = Uint8Array.of(0x50, 0x52, 0x49, 0x20);

/** Tells what a connection speaks; undefined when it takes more bytes to know, four at most. */
export function protocolOf(bytes: Uint8Array): Protocol | undefined {
	if (bytes.length === 0) return undefined;
	if (bytes[0] === framesByte) return "frames";
	if (bytes[0] === tlsHandshakeByte) return "tls";
	for (const [index, expected] of http2Preface.entries()) {
		if (index >= bytes.length) return undefined;
		if (bytes[index] !== expected) return "http1";
	}
	return "http2";
}
