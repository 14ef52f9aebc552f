/** Node's error codes for certificates whose authority it does not know. */
const unknownAuthority: ReadonlySet<string> = new Set([
	"DEPTH_ZERO_SELF_SIGNED_CERT",
	"SELF_SIGNED_CERT_IN_CHAIN",
	"UNABLE_TO_VERIFY_LEAF_SIGNATURE",
	"UNABLE_TO_GET_ISSUER_CERT",
	"UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

/** Adds advice to an error of TLS when the certificate of the other side is not trusted. */
export function adviseOnTrust(error: NodeJS.ErrnoException): void {
	if (!unknownAuthority.has(error.code ?? "")) return;
	error.message +=
		"; if it is to be trusted, name the certificate of its authority in ALLIUM_TLS_CA (tls.ca)";
}
