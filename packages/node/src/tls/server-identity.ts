import type { PeerCertificate } from "node:tls";
import { identityIn } from "./identity.ts";

/** The error of a server whose certificate names another than is expected at its address; undefined where it does not. */
export function otherIdentity(certificate: PeerCertificate, expected: string): Error | undefined {
	const identity = identityIn(certificate);
	if (identity === expected) return undefined;
	return new Error(
		`the certificate there is that of ${identity ?? "nobody"}, and the registry says that ${expected} runs there; give each app a certificate of its own (allium tls issue), or check hosts instead of apps (ALLIUM_TLS_SERVERS=host)`,
	);
}
