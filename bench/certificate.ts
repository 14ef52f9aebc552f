import { Authority, type CertificatePair } from "@allium/node/certificates";

/** Makes a certificate of this machine for a server that `wrk` calls, which checks none. */
export function certificate(): CertificatePair {
	return Authority.create().issue({ name: "bench", names: ["127.0.0.1"] });
}
