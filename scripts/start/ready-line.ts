/**
 * Returns the URL of a process from the line in which it reports that it is ready: the first URL in the line.
 * Undefined for any other line.
 *
 * @example
 * readyUrl("12:30:01 info greeter is ready url=http://127.0.0.1:4000") // "http://127.0.0.1:4000"
 */
export function readyUrl(line: string): string | undefined {
	if (!/\bready\b/i.test(line)) return undefined;
	return /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`,;)}]+/.exec(line)?.[0].replace(/[./]+$/, "");
}
