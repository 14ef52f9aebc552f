import type { Command } from "../command/command.ts";
import { calledMethod, callee, metadata } from "../command/common-options.ts";

/** `allium call` */
export const callCommand: Command = {
	name: "call",
	summary: "Call a method and print its answer.",
	takesPath: true,
	arguments: [
		...calledMethod,
		{
			name: "json|-",
			summary: "The input as JSON, or - to read it from standard input. Default: {}",
			optional: true,
		},
	],
	options: {
		timeout: {
			value: "duration",
			summary: "The deadline of the call: 500ms, 2s, 1m. Default: 10s, none for streams.",
		},
		metadata,
		json: { summary: "Print each message as one line of JSON, and errors as JSON." },
		...callee,
	},
	showsExitCodes: true,
	notes: [
		"Messages of an output stream are printed as they arrive, one line of JSON each. The messages of an input stream come from standard input, one JSON value per line, or from a JSON array in the argument. Ctrl-C cancels the call.",
	],
	examples: [
		`allium call greeter hello '{"name":"John"}'`,
		`allium call greeter/hello '{"name":"John"}'`,
		'echo \'{"name":"John"}\' | allium call greeter hello -',
		"allium call add primes '{\"upTo\":100}' --timeout 2s | head -5",
	],
	load: async () => (await import("./call.ts")).call,
};
