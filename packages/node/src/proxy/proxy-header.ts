import { isIP } from "node:net";
import { peerAddress } from "../platform/peer-address.ts";
import type { Finding } from "../server/first-bytes.ts";

/** The source of a connection as the header gives it; undefined when the balancer speaks for itself. */
export type ProxiedAddress = string | undefined;

/** The beginning of version 2. */
const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** The greatest length of the line of version 1, with its end, in bytes. */
const longestLine = 107;

/** The greatest length of version 2 behind its first 16 bytes: addresses, and fields that are skipped. */
const longestRest = 2048;

/**
 * Reads the header of the PROXY protocol, version 1 or 2, at the beginning of a connection; undefined when it has not
 * arrived whole. It holds no more bytes than the longest header has.
 *
 * @throws Error when the bytes are not such a header.
 */
export function readProxyHeader(bytes: Buffer): Finding<ProxiedAddress> | undefined {
	if (begins(bytes, signature)) return readBinary(bytes);
	if (begins(bytes, Buffer.from("PROXY "))) return readLine(bytes);
	throw new Error("it does not begin with a header of the PROXY protocol");
}

/** Whether the bytes equal the beginning of the expected ones, as far as they go. */
function begins(bytes: Buffer, expected: Buffer): boolean {
	const length = Math.min(bytes.length, expected.length);
	return bytes.compare(expected, 0, length, 0, length) === 0;
}

function readLine(bytes: Buffer): Finding<ProxiedAddress> | undefined {
	const end = bytes.subarray(0, longestLine).indexOf("\r\n");
	if (end < 0) {
		if (bytes.length < longestLine) return undefined;
		throw new Error("its PROXY line is too long");
	}
	const used = end + 2;
	const words = bytes.toString("latin1", 0, end).split(" ");
	if (words[1] === "UNKNOWN") return { found: undefined, used };
	const [, family, from = "", to = "", fromPort = "", toPort = ""] = words;
	const version = family === "TCP4" ? 4 : family === "TCP6" ? 6 : undefined;
	const wellFormed =
		words.length === 6 &&
		isIP(from) === version &&
		isIP(to) === version &&
		isPort(fromPort) &&
		isPort(toPort);
	if (!wellFormed) throw new Error("its PROXY line is malformed");
	return { found: peerAddress(from, fromPort), used };
}

function isPort(text: string): boolean {
	return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function readBinary(bytes: Buffer): Finding<ProxiedAddress> | undefined {
	if (bytes.length < 16) return undefined;
	const version = bytes.readUInt8(12) >> 4;
	const command = bytes.readUInt8(12) & 0x0f;
	const rest = bytes.readUInt16BE(14);
	if (version !== 2 || command > 1) throw new Error("its PROXY header has an unknown version or command");
	if (rest > longestRest) throw new Error("its PROXY header is too long");
	const used = 16 + rest;
	if (bytes.length < used) return undefined;
	// LOCAL: the balancer connects on its own behalf, as for a health check.
	if (command === 0) return { found: undefined, used };
	return { found: addressOf(bytes.readUInt8(13), bytes.subarray(16, used)), used };
}

/** The source of TCP over IPv4 (0x11) or IPv6 (0x21). Other kinds carry no useful address. */
function addressOf(kind: number, block: Buffer): ProxiedAddress {
	if (kind === 0x11) {
		if (block.length < 12) throw new Error("its PROXY header is cut off");
		return `${block.subarray(0, 4).join(".")}:${block.readUInt16BE(8)}`;
	}
	if (kind === 0x21) {
		if (block.length < 36) throw new Error("its PROXY header is cut off");
		const groups = Array.from({ length: 8 }, (_, index) => block.readUInt16BE(index * 2).toString(16));
		const address = new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
		return peerAddress(address, block.readUInt16BE(32));
	}
	return undefined;
}
