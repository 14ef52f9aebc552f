/** Bytes as base64 without padding, as gRPC and Connect write it. */
export function toBase64(bytes: Uint8Array): string {
	let binary = "";
	for (const byte of bytes) binary += String.fromCharCode(byte);
	return btoa(binary).replace(/=+$/, "");
}

/** Reads base64 with or without padding, standard or URL-safe; undefined when it is neither. */
export function fromBase64(text: string): Uint8Array | undefined {
	const digits = text.replace(/=+$/, "");
	if (!/^[A-Za-z0-9+/_-]*$/.test(digits) || digits.length % 4 === 1) return undefined;
	const binary = atob(digits.replaceAll("-", "+").replaceAll("_", "/"));
	return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
