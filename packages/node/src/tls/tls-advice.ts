import { unknownAuthority } from "./unknown-authority.ts";

const notTls = "what answers there does not speak TLS";

/**
 * The sentences for alerts of TLS, and for bytes that are not TLS. OpenSSL's own texts are for people who debug
 * OpenSSL.
 */
const alerts: ReadonlyMap<string, string> = new Map([
	[
		"ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
		"the server takes only clients with a certificate, and this process presents none; set ALLIUM_TLS, or ALLIUM_TLS_CERT and ALLIUM_TLS_KEY",
	],
	[
		"ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
		"the other side does not trust the authority that issued the certificate of this process",
	],
	["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "the other side does not accept the certificate of this process"],
	["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", "the certificate of this process has expired; issue a new one"],
	["ERR_SSL_WRONG_VERSION_NUMBER", notTls],
	["ERR_SSL_PACKET_LENGTH_TOO_LONG", notTls],
]);

/** The remedy for the error of a handshake, by its code. */
const remedies: ReadonlyMap<string, string> = new Map([
	...unknownAuthority.map(
		(code) =>
			[
				code,
				"if it is to be trusted, name the certificate of its authority in ALLIUM_TLS_CA (tls.ca)",
			] as const,
	),
	["CERT_HAS_EXPIRED", "give the server a new certificate, for which it needs no restart"],
	["CERT_NOT_YET_VALID", "compare the clocks of both machines"],
	[
		"ERR_TLS_CERT_ALTNAME_INVALID",
		"give the server a certificate that names this host, or set tls.serverName",
	],
	["ECONNRESET", "if it does not speak TLS, call it at allium:// or http://"],
]);

/** An alert of TLS in words; undefined for other errors. */
export function alertText({ code = "" }: NodeJS.ErrnoException): string | undefined {
	return alerts.get(code);
}

/**
 * Puts the error of a client's connection into words: the fault and its remedy.
 *
 * @param isSecure whether the handshake is over. Some alerts come after it, as the other side checks later.
 */
export function advise(error: NodeJS.ErrnoException, isSecure: boolean): void {
	error.message = alertText(error) ?? error.message;
	const remedy = isSecure ? undefined : remedies.get(error.code ?? "");
	if (remedy !== undefined) error.message += `; ${remedy}`;
}
