/** Masks every password in a URL, so that it may be printed. */
export function maskUrl(text: string): string {
	return text.replace(/(:\/\/[^/@:]*):[^/@]*@/g, "$1:***@");
}
