/** The code of a GOAWAY to a client whose connection is not secure enough: RFC 9113, section 7. */
const inadequateSecurity = 0xc;

/**
 * The bytes by which a server of HTTP/2 turns a client away before any request: SETTINGS, which has to come first, and
 * a GOAWAY with the reason. See RFC 9113, sections 3.4 and 6.8.
 */
export function http2Refusal(reason: string): Uint8Array {
	const text = Buffer.from(reason);
	const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
	const goaway = Buffer.alloc(17);
	goaway.writeUIntBE(8 + text.length, 0, 3);
	goaway.writeUInt8(7, 3);
	goaway.writeUInt32BE(inadequateSecurity, 13);
	return Buffer.concat([settings, goaway, text]);
}
