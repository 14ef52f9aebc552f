import { isIP } from "node:net";
import { connect } from "node:tls";
import { identityIn, type TlsOptions } from "@allium/node";

/** How long an instance may take to present its certificate, in milliseconds. */
const patienceMs = 2_000;

/** The fields of a certificate that a server presented. */
export interface PresentedCertificate {
	readonly identity: string | undefined;
	/** In milliseconds since 1970. */
	readonly validFrom: number;
	readonly validTo: number;
}

/**
 * The certificate that the process at an address presents. It is not verified, so that expired ones can be examined,
 * too. Undefined if no process presents one.
 */
export function presentedCertificate(
	address: string,
	tls: TlsOptions | undefined,
): Promise<PresentedCertificate | undefined> {
	const url = URL.parse(address);
	if (url === null) return Promise.resolve(undefined);
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const name = tls?.serverName ?? host;
	return new Promise((resolve) => {
		const socket = connect({
			host,
			port: Number(url.port || 443),
			...(isIP(name) === 0 && { servername: name }),
			rejectUnauthorized: false,
			timeout: patienceMs,
		});
		const end = (certificate?: PresentedCertificate): void => {
			socket.destroy();
			resolve(certificate);
		};
		socket.once("error", () => end());
		socket.once("timeout", () => end());
		socket.once("secureConnect", () => {
			const certificate = socket.getPeerCertificate();
			end({
				identity: identityIn(certificate),
				validFrom: Date.parse(certificate.valid_from),
				validTo: Date.parse(certificate.valid_to),
			});
		});
	});
}
