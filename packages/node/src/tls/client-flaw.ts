import type { TLSSocket } from "node:tls";
import { unknownAuthority } from "./unknown-authority.ts";

const flaws: ReadonlyMap<string, string> = new Map([
	...unknownAuthority.map(
		(code) =>
			[
				code,
				"the client's certificate is not of an authority that the server trusts; issue one by that authority, or add the client's to the server's ca.pem",
			] as const,
	),
	[
		"CERT_HAS_EXPIRED",
		"the client's certificate has expired; issue a new one, for which no restart is needed",
	],
	["CERT_NOT_YET_VALID", "the client's certificate is not valid yet; compare the clocks of both machines"],
]);

/** Whether a client has a certificate that is trusted. A session that is resumed may count as authorized without one. */
export function isProven(socket: TLSSocket): boolean {
	return socket.authorized && presentsCertificate(socket);
}

/**
 * Why a server that needs certificates does not let a client in, and what to do about it. Both sides read it: the
 * server's log, and the caller in its error.
 */
export function clientFlaw(socket: TLSSocket): string {
	if (!presentsCertificate(socket)) {
		return "the client presents no certificate; set ALLIUM_TLS there, or ALLIUM_TLS_CERT and ALLIUM_TLS_KEY";
	}
	// The type says Error, but the value is the code of a check, such as CERT_HAS_EXPIRED.
	const code = String(socket.authorizationError);
	return flaws.get(code) ?? `the client's certificate is not accepted (${code})`;
}

function presentsCertificate(socket: TLSSocket): boolean {
	return Object.hasOwn(socket.getPeerCertificate(), "raw");
}
