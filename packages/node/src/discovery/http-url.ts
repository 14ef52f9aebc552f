/** The URL at which the port of an address speaks HTTP, as all protocols are on one port. */
export function httpUrl(address: string): string {
	return address
		.replace(/^allium:\/\//, "http://")
		.replace(/^allium\+tls:\/\//, "https://")
		.replace(/\/+$/, "");
}

/** The URL at which an instance with these addresses speaks HTTP; undefined where none of them does. */
export function httpUrlOf(addresses: readonly string[]): string | undefined {
	const address =
		addresses.find((one) => /^https?:/.test(one)) ?? addresses.find((one) => /^allium(\+tls)?:/.test(one));
	return address === undefined ? undefined : httpUrl(address);
}
