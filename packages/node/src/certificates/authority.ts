import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { createCertificate } from "./certificate.ts";

const dayMs = 86_400_000;

/** How long before they are made certificates are valid already, in milliseconds, as clocks of machines differ. */
const earlierMs = 300_000;

/** A certificate and its key, as PEM. */
export interface CertificatePair {
	readonly certificate: string;
	readonly key: string;
}

/** How an authority is made. */
export interface AuthorityOptions {
	/** Its name, for people. Default: `Allium development authority`. */
	readonly name?: string;
	/** Default: in a year. */
	readonly validTo?: Date;
}

/** The holder and the validity of a certificate that is issued. */
export interface IssueOptions {
	/** The common name of its holder, for people. */
	readonly name: string;
	/** The URIs, host names and addresses of its holder: `spiffe://default/shop`, `localhost`, `127.0.0.1`. */
	readonly names: readonly string[];
	/** Default: five minutes ago, as clocks differ. */
	readonly validFrom?: Date;
	/** At most the end of the authority. Default: in 90 days. */
	readonly validTo?: Date;
}

/**
 * An authority for development and tests, which issues certificates with keys on the curve P-256.
 *
 * @example
 * const authority = Authority.create();
 * const { certificate, key } = authority.issue({ name: "shop", names: ["spiffe://default/shop", "localhost"] });
 */
export class Authority {
	/** Its own certificate and key. */
	readonly pair: CertificatePair;
	/** Its own certificate. */
	readonly certificate: X509Certificate;
	readonly #privateKey: KeyObject;

	/** @throws Error when the texts are not a certificate and its key, or the key is on another curve. */
	constructor(pair: CertificatePair) {
		this.pair = pair;
		this.certificate = new X509Certificate(pair.certificate);
		this.#privateKey = createPrivateKey(pair.key);
		if (this.#privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
			throw new TypeError("the key of an authority must be on the curve P-256");
		}
		if (!this.certificate.checkPrivateKey(this.#privateKey)) {
			throw new TypeError("the key of the authority does not belong to its certificate");
		}
	}

	/** Makes an authority. It signs its own certificate. */
	static create(options: AuthorityOptions = {}): Authority {
		const { name = "Allium development authority", validTo = inDays(365) } = options;
		const { publicKey, privateKey } = newKeys();
		const certificate = createCertificate(
			{ name, publicKey, validFrom: earlier(), validTo, isAuthority: true, names: [] },
			{ privateKey },
		);
		return new Authority({ certificate, key: pemOf(privateKey) });
	}

	/** Issues a certificate, for servers and clients alike, with a key of its own. */
	issue(options: IssueOptions): CertificatePair {
		const { name, names, validFrom = earlier(), validTo = inDays(90) } = options;
		const { publicKey, privateKey } = newKeys();
		const end = Math.min(validTo.getTime(), Date.parse(this.certificate.validTo));
		const certificate = createCertificate(
			{ name, publicKey, validFrom, validTo: new Date(end), isAuthority: false, names },
			{ certificate: this.certificate.raw, privateKey: this.#privateKey },
		);
		return { certificate, key: pemOf(privateKey) };
	}
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
	return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function pemOf(privateKey: KeyObject): string {
	return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function earlier(): Date {
	return new Date(Date.now() - earlierMs);
}

function inDays(days: number): Date {
	return new Date(Date.now() + days * dayMs);
}
