/** The offset basis of FNV-1a in 32 bits. */
const offsetBasis = 0x811c9dc5;
/** The prime of FNV-1a in 32 bits. */
const prime = 0x01000193;

/**
 * FNV-1a over the UTF-16 units of a text: 32 bits, unsigned. It spreads texts well and is no signature.
 *
 * @param basis another basis gives another hash. Default: FNV's own.
 */
export function fnv1a(text: string, basis: number = offsetBasis): number {
	let hash = basis;
	for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), prime);
	return hash >>> 0;
}

/** FNV-1a over bytes: 32 bits, unsigned. */
export function fnv1aOfBytes(bytes: Uint8Array, start: number, end: number): number {
	let hash = offsetBasis;
	for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), prime);
	return hash >>> 0;
}
