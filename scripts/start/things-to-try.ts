import type { Running } from "./system.ts";

/** Where everything is, and what to type into another terminal. */
export function thingsToTry(running: readonly Running[]): string[] {
	const width = Math.max(...running.map(({ process }) => process.label.length));
	const places = running.map(({ process, url }) => `  ${process.label.padEnd(width)}  ${url}`);
	const greeter = running.find(({ process }) => process.example === "greeter");
	const tries = [
		...(greeter === undefined
			? []
			: [`curl ${greeter.url}/greeter/hello -H 'content-type: application/json' -d '{"name":"John"}'`]),
		...(running.some(({ process }) => process.example === "addsvc")
			? [`npx allium call add sum '{"a":1,"b":2}'`]
			: []),
		"npx allium services",
	];
	return [
		"",
		"Everything is up:",
		...places,
		"",
		"Try, in another terminal in this folder:",
		...tries.map((command) => `  ${command}`),
		"",
		"Ctrl-C stops it all.",
		"",
	];
}
