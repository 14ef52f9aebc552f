import type { PeerCertificate } from "node:tls";

/**
 * The identity in a certificate: its first URI, with SPIFFE URIs before others; else its first DNS name; else its
 * common name. Undefined where it has none of them.
 */
export function identityIn({ subject, subjectaltname }: PeerCertificate): string | undefined {
	const names = alternativeNames(subjectaltname ?? "");
	const uris = names.filter(({ type }) => type === "URI").map(({ value }) => value);
	const commonName: string | string[] | undefined = subject?.CN;
	return (
		uris.find((uri) => uri.startsWith("spiffe://")) ??
		uris[0] ??
		names.find(({ type }) => type === "DNS")?.value ??
		(Array.isArray(commonName) ? commonName[0] : commonName)
	);
}

/**
 * Reads `URI:spiffe://a, DNS:b`. Node quotes values as JSON where they would otherwise read as more than one name. A
 * text in another form yields no names at all.
 */
export function alternativeNames(text: string): { type: string; value: string }[] {
	const names: { type: string; value: string }[] = [];
	const entry = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
	while (entry.lastIndex < text.length) {
		const match = entry.exec(text);
		if (match === null) return [];
		const [, type = "", value = ""] = match;
		names.push({ type, value: value.startsWith('"') ? JSON.parse(value) : value });
	}
	return names;
}
