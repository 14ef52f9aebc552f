import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import {
	bitString,
	elementsIn,
	explicit,
	implicit,
	integer,
	objectIdentifier,
	octetString,
	sequence,
	set,
	time,
	utf8,
	yes,
} from "./der.ts";

/** The fields of a certificate to issue. */
export interface CertificateFacts {
	/** The common name of its holder. */
	readonly name: string;
	readonly publicKey: KeyObject;
	readonly validFrom: Date;
	readonly validTo: Date;
	/** Whether its holder may issue certificates, for others only. */
	readonly isAuthority: boolean;
	/** URIs, host names and addresses of its holder. */
	readonly names: readonly string[];
}

/** The issuer of a certificate. */
export interface Issuer {
	/** Its own certificate in DER. Default: it signs its own certificate. */
	readonly certificate?: Uint8Array;
	/** Its key, on the curve P-256. */
	readonly privateKey: KeyObject;
}

const ids = {
	commonName: "2.5.4.3",
	ecdsaWithSha256: "1.2.840.10045.4.3.2",
	subjectKeyIdentifier: "2.5.29.14",
	keyUsage: "2.5.29.15",
	subjectAltName: "2.5.29.17",
	basicConstraints: "2.5.29.19",
	authorityKeyIdentifier: "2.5.29.35",
	extendedKeyUsage: "2.5.29.37",
	serverAuth: "1.3.6.1.5.5.7.3.1",
	clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** Bits of `keyUsage`, with how many of the last ones do not count: RFC 5280, section 4.2.1.3. */
const keyUsage = {
	/** keyCertSign and cRLSign. */
	authority: bitString(Uint8Array.of(0b0000_0110), 1),
	/** digitalSignature. */
	holder: bitString(Uint8Array.of(0b1000_0000), 7),
};

/**
 * Makes an X.509 certificate, version 3, as PEM, for keys on the curve P-256. Node can sign but cannot make
 * certificates; RFC 5280 defines their content.
 */
export function createCertificate(facts: CertificateFacts, issuer: Issuer): string {
	const algorithm = sequence(objectIdentifier(ids.ecdsaWithSha256));
	const subject = distinguishedName(facts.name);
	const signed = sequence(
		explicit(0, integer(Uint8Array.of(2))),
		integer(serialNumber()),
		algorithm,
		issuer.certificate === undefined ? subject : subjectOf(issuer.certificate),
		sequence(time(facts.validFrom), time(facts.validTo)),
		subject,
		spkiOf(facts.publicKey),
		explicit(3, sequence(...extensions(facts, issuer))),
	);
	const signature = sign("sha256", signed, issuer.privateKey);
	return pem("CERTIFICATE", sequence(signed, algorithm, bitString(signature)));
}

function extensions({ publicKey, isAuthority, names }: CertificateFacts, { certificate }: Issuer): Buffer[] {
	const own = keyIdentifier(spkiOf(publicKey));
	const issuers = certificate === undefined ? own : keyIdentifier(fieldsOf(certificate).publicKey);
	return [
		critical(ids.basicConstraints, isAuthority ? sequence(yes(), integer(Uint8Array.of(0))) : sequence()),
		critical(ids.keyUsage, isAuthority ? keyUsage.authority : keyUsage.holder),
		extension(ids.subjectKeyIdentifier, octetString(own)),
		extension(ids.authorityKeyIdentifier, sequence(implicit(0, issuers))),
		...(isAuthority
			? []
			: [
					extension(
						ids.extendedKeyUsage,
						sequence(objectIdentifier(ids.serverAuth), objectIdentifier(ids.clientAuth)),
					),
				]),
		...(names.length === 0 ? [] : [extension(ids.subjectAltName, sequence(...names.map(generalName)))]),
	];
}

function extension(id: string, value: Uint8Array): Buffer {
	return sequence(objectIdentifier(id), octetString(value));
}

/** An extension that nobody may ignore. */
function critical(id: string, value: Uint8Array): Buffer {
	return sequence(objectIdentifier(id), yes(), octetString(value));
}

/** A URI, an address or a host name, as an alternative name: RFC 5280, section 4.2.1.6. */
function generalName(name: string): Buffer {
	if (name.includes("://")) return implicit(6, Buffer.from(name));
	if (isIP(name) !== 0) return implicit(7, addressBytes(name));
	return implicit(2, Buffer.from(name));
}

function addressBytes(address: string): Uint8Array {
	if (isIP(address) === 4) return Uint8Array.from(address.split("."), Number);
	// The parser of URLs writes each IPv6 address in one form, with at most one gap of zeros.
	const { hostname } = new URL(`http://[${address}]`);
	const [before = "", after] = hostname.slice(1, -1).split("::");
	const groupsIn = (text: string): number[] =>
		text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
	const [head, tail] = [groupsIn(before), groupsIn(after ?? "")];
	const groups = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
	return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function distinguishedName(commonName: string): Buffer {
	return sequence(set(sequence(objectIdentifier(ids.commonName), utf8(commonName))));
}

/** The parts of an issuer's certificate that the certificates it issues repeat. */
function fieldsOf(certificate: Uint8Array): { subject: Uint8Array; publicKey: Uint8Array } {
	const [whole] = elementsIn(certificate);
	const [signed] = elementsIn(whole?.content ?? new Uint8Array());
	const fields = elementsIn(signed?.content ?? new Uint8Array());
	// The version is left out in version 1.
	const [, , , , subject, publicKey] = fields[0]?.type === 0xa0 ? fields.slice(1) : fields;
	if (subject === undefined || publicKey === undefined) throw new TypeError("this is no certificate");
	return { subject: subject.whole, publicKey: publicKey.whole };
}

function subjectOf(certificate: Uint8Array): Uint8Array {
	return fieldsOf(certificate).subject;
}

/** The hash by which certificates refer to a key. It covers the bits of the key without its algorithm. */
function keyIdentifier(spki: Uint8Array): Buffer {
	const [whole] = elementsIn(spki);
	const bits = elementsIn(whole?.content ?? new Uint8Array())[1]?.content ?? new Uint8Array();
	return createHash("sha1").update(bits.subarray(1)).digest();
}

function spkiOf(publicKey: KeyObject): Buffer {
	return publicKey.export({ type: "spki", format: "der" });
}

/** 127 random bits, so that no two certificates of an authority have the same. */
function serialNumber(): Uint8Array {
	const bytes = randomBytes(16);
	bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
	return bytes;
}

function pem(label: string, der: Buffer): string {
	const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
