import type { Running } from "./system.ts";

/** Where everything is, and what to type into another terminal. */
export function thingsToTry(running: readonly Running[]): string[] {
	const width = Math.max(...running.map(({ process }) => process.label.length));
	const places = running.map(({ process, url }) => `  ${process.label.padEnd(width)}  ${url}`);
	const runs = (example: string): boolean => running.some(({ process }) => process.example === example);
	const gateway = running.find(({ process }) => process.example === "gateway")?.url;
	const json = "-H 'content-type: application/json'";
	const tries = [
		...(gateway !== undefined && runs("greeter")
			? [`curl ${gateway}/greeter/hello ${json} -d '{"name":"John"}'`]
			: []),
		...(runs("addsvc") ? [`npx allium call add sum '{"a":1,"b":2}'`] : []),
		"npx allium services",
	];
	return [
		"",
		"Everything is up:",
		...places,
		"",
		"Try, in another terminal in this folder:",
		...tries.map((command) => `  ${command}`),
		...(gateway === undefined ? [] : ["", `And in a browser, all services with their methods: ${gateway}`]),
		"",
		"Ctrl-C stops it all.",
		"",
	];
}
