import type { Example } from "./examples.ts";

/** The text of `npm start -- --help`. */
export function usage(examples: readonly Example[]): string[] {
	const width = Math.max(...examples.map(({ name }) => name.length));
	return [
		"Usage: npm start [-- <example> …]",
		"",
		"Starts a gateway and the examples that are named; without names a few small ones.",
		"",
		...examples.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`.trimEnd()),
	];
}
