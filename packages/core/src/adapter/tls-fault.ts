/** The checks that fail because no trusted authority issued the certificate. */
const unknownAuthority: ReadonlySet<string> = new Set([
	"DEPTH_ZERO_SELF_SIGNED_CERT",
	"SELF_SIGNED_CERT_IN_CHAIN",
	"UNABLE_TO_VERIFY_LEAF_SIGNATURE",
	"UNABLE_TO_GET_ISSUER_CERT",
	"UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
	"CERT_SIGNATURE_FAILURE",
]);

const faults: ReadonlyMap<string, string> = new Map([
	["CERT_HAS_EXPIRED", "its certificate has expired; give it a new one"],
	["CERT_NOT_YET_VALID", "its certificate is not valid yet; compare the clocks of both machines"],
	[
		"ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
		"it asks for a certificate of this process; give one that it trusts by cert and key",
	],
]);

/** The alerts by which a server says that it does not accept the certificate of this process. */
const refusedCertificate = /^ERR_SSL_.*ALERT_.*(CERT|UNKNOWN_CA)/;

/** The same where Node passes on what OpenSSL read while this process wrote. */
const refusedWhileWriting = /alert ([a-z ]*certificate[a-z ]*|unknown ca)/;

/** The codes of OpenSSL and Node for what TLS is, or should be. */
const ofTls = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|^EPROTO$/;

/**
 * Describes a TLS error between this process and a server, and its remedy, as the rest of a sentence. The text names
 * options as the URL of every adapter does: `ca`, `cert`, `key` and `serverName`. Undefined for an error that TLS did
 * not cause.
 *
 * @param without How to connect to the server without TLS.
 * @example
 * `RabbitMQ at ${place} cannot be used over TLS: ${tlsFault(error, "write amqp://")}`
 */
export function tlsFault(error: unknown, without: string): string | undefined {
	if (!(error instanceof Error) || !("code" in error)) return undefined;
	const code = String(error.code);
	if (!ofTls.test(code)) return undefined;
	const known = faults.get(code);
	if (known !== undefined) return known;
	if (unknownAuthority.has(code))
		return `nobody who is trusted here issued its certificate (${error.message}); name the authority by ca`;
	if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
		const host = "host" in error ? ` ${String(error.host)}` : " this host";
		return `its certificate does not name${host}; give the name that it has by serverName, or the server another certificate`;
	}
	const alert = alertIn(code, error.message);
	if (alert !== undefined)
		return `it does not accept the certificate of this process, or asks for one (${alert}); give one that it trusts by cert and key`;
	if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|^EPROTO$/.test(code))
		return `it does not speak TLS on this port; name another port, or ${without} to go without`;
	return `${error.message}; compare ca, cert and key with those of the server`;
}

/** The server's objection to the certificate of this process: `unknown ca` for `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA`. */
function alertIn(code: string, message: string): string | undefined {
	if (code === "EPROTO") return refusedWhileWriting.exec(message)?.[1];
	if (!refusedCertificate.test(code)) return undefined;
	return code
		.replace(/^.*ALERT_/, "")
		.replaceAll("_", " ")
		.toLowerCase();
}
