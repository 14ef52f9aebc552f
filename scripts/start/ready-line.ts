/**
 * The addresses that a process names in the line that says that it is ready; undefined for any other line.
 *
 * @example
 * readyAddresses("greeter is ready on http://127.0.0.1:4000") // ["http://127.0.0.1:4000"]
 */
export function readyAddresses(line: string): string[] | undefined {
	if (!/\bready\b/i.test(line)) return undefined;
	const urls = line.match(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`,;)\]}]+/g);
	return urls === null ? undefined : [...new Set(urls.map((url) => url.replace(/[.:]$/, "")))];
}

/** The same place as a URL for curl: one port speaks every protocol. */
export function httpUrl(addresses: readonly string[]): string | undefined {
	const [first] = addresses;
	return first === undefined
		? undefined
		: `http://${first.replace(/^[a-z0-9+.-]+:\/\//, "").replace(/\/.*$/, "")}`;
}
