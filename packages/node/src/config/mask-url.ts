/** The parameters of a query that are secrets. */
const secret = /([?&](?:token|password)=)[^&#]*/gi;

/** Masks every password and token in a URL, or in a list of URLs and servers, so that it may be printed. */
export function maskUrl(text: string): string {
	return text
		.replace(/(:\/\/[^/@:]*):[^/@]*@/g, "$1:***@")
		.replace(/(,[^/@:,?]*):[^/@,?]*@/g, "$1:***@")
		.replace(secret, "$1***");
}
