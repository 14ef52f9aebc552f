/** A URL as it may be printed: every password in it is masked. */
export function maskUrl(text: string): string {
	return text.replace(/(:\/\/[^/@:]*):[^/@]*@/g, "$1:***@");
}
