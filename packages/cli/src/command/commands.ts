import { shells } from "../completion/shells.ts";
import { templates } from "../new/templates.ts";
import type { Command, Option } from "./command.ts";

const templateNames = templates.map(({ name }) => name);

const discovery: Readonly<Record<string, Option>> = {
	registry: {
		value: "url",
		summary: "The registry to look in, instead of the one that the environment names.",
	},
	namespace: { value: "name", summary: "The namespace to look in. Default: ALLIUM_NAMESPACE, else default." },
};

/** The credentials that are shown to guards. */
const credentials: Option = {
	value: "name=value",
	many: true,
	summary: "Metadata that proves who you are to guards; may be repeated. Default: ALLIUM_CREDENTIALS.",
};

/** Which instance is called. */
const callee: Readonly<Record<string, Option>> = {
	url: {
		value: "url",
		summary: "Call this address, without a registry: allium://host:port or http://host:port.",
	},
	credentials,
	instance: { value: "id", summary: "Call this instance; the beginning of its id is enough." },
	...discovery,
};

const metadata: Option = {
	value: "name=value",
	many: true,
	summary: "Metadata to send along; may be repeated.",
};

const json: Option = { summary: "Print JSON for programs." };

const services: Command = {
	name: "services",
	summary: "List the services that are up, and where.",
	arguments: [],
	options: { json, ...discovery },
	examples: ["allium services", "allium services --json | jq -r '.[].name'"],
	load: async () => (await import("../services/services.ts")).services,
};

const health: Command = {
	name: "health",
	summary: "Show which instances take calls, and what their checks say.",
	arguments: [
		{
			name: "service",
			summary: "The name of the service. Default: all.",
			optional: true,
			completes: "services",
		},
	],
	options: { json, credentials, ...discovery },
	notes: [
		"Each instance in the registry is asked at /readyz. The exit code is 1 when one does not take calls, does not answer, or has a check that fails.",
	],
	examples: ["allium health", "allium health shop --json | jq '.[] | select(.healthy | not)'"],
	load: async () => (await import("../health/health.ts")).health,
};

const describe: Command = {
	name: "describe",
	summary: "Show what a service can do: methods, types, errors, and how to call them.",
	arguments: [{ name: "service", summary: "The name of the service.", completes: "services" }],
	options: {
		json,
		url: {
			value: "url",
			summary: "Ask this address, without a registry: http://host:port or allium://host:port.",
		},
		credentials,
		...discovery,
	},
	examples: ["allium describe greeter", "allium describe greeter --url http://127.0.0.1:4000"],
	load: async () => (await import("../describe/describe.ts")).describe,
};

const call: Command = {
	name: "call",
	summary: "Call a method and print what it answers.",
	arguments: [
		{ name: "service", summary: "The name of the service.", completes: "services" },
		{ name: "method", summary: "The name of the method.", completes: "methods" },
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
		json: { summary: "Print one line of JSON for each message, and errors as JSON." },
		...callee,
	},
	showsExitCodes: true,
	notes: [
		"An output stream is printed as it arrives, one line of JSON for each message. An input stream is read from standard input, one JSON value a line, or given as a JSON array. Ctrl-C cancels the call.",
	],
	examples: [
		`allium call greeter hello '{"name":"John"}'`,
		'echo \'{"name":"John"}\' | allium call greeter hello -',
		"allium call add primes '{\"upTo\":100}' --timeout 2s | head -5",
	],
	load: async () => (await import("../call/call.ts")).call,
};

const bench: Command = {
	name: "bench",
	summary: "Make load on a method, and measure its latencies.",
	arguments: [
		{ name: "service", summary: "The name of the service.", completes: "services" },
		{ name: "method", summary: "The name of the method.", completes: "methods" },
		{
			name: "json|-",
			summary: "The input of all calls as JSON, or - to read several from standard input. Default: {}",
			optional: true,
		},
	],
	options: {
		rate: {
			value: "n",
			summary: "Calls a second, started on schedule whatever the answers do: an open loop.",
		},
		arrivals: {
			value: "even|poisson",
			summary: "How the calls of an open loop are spread. Default: even",
			completes: ["even", "poisson"],
		},
		concurrency: {
			value: "n",
			summary: "Calls in flight at most. Default: 1000 with --rate, else 16 callers.",
		},
		duration: { value: "duration", summary: "How long: 500ms, 30s, 5m. Default: 10s" },
		warmup: { value: "duration", summary: "How long before that nothing counts; 0 for not. Default: 1s" },
		timeout: {
			value: "duration",
			summary: "How long a call may take, its waiting and a stream to its end included. Default: 10s",
		},
		inputs: {
			value: "file",
			summary: "Inputs that the calls take in turn, one JSON value a line.",
			completes: "files",
		},
		assert: {
			value: "conditions",
			many: true,
			summary: "What must hold, such as 'p99<50ms,errors<0.1%'; exit code 1 when it does not.",
		},
		"expected-interval": {
			value: "duration",
			summary: "In a closed loop, add the calls that each caller left out while it waited.",
		},
		metadata,
		json: { summary: "Print the report as JSON." },
		...callee,
	},
	showsExitCodes: true,
	notes: [
		"With --rate a latency counts from when its call was due, so that a service which stands still shows in all the calls that came meanwhile. Without, each of --concurrency callers calls again when it has its answer: that measures the highest rate, and hides waiting.",
		"Calls are not repeated when they fail. A stream counts to its first message, and is read to its end; the input of a method that takes a stream is an array of messages. Ctrl-C ends it with the report of what there is.",
		"--assert takes conditions separated by commas: a metric, one of < <= > >= =, and a value. Metrics are p50 to p99.99 (any percentile), min, mean and max, in us, ms or s; errors, as a number or in %; rate, the calls a second that succeeded. Exit code 1 also means that no call succeeded at all.",
	],
	examples: [
		`allium bench greeter hello '{"name":"John"}' --rate 500 --duration 30s`,
		`allium bench greeter hello --inputs names.jsonl --rate 500 --assert 'p99<50ms,errors<0.1%'`,
		`allium bench add sum '{"a":1,"b":2}' --concurrency 64 --url http://127.0.0.1:4000`,
	],
	load: async () => (await import("../bench/bench.ts")).bench,
};

const dev: Command = {
	name: "dev",
	summary: "Run services while you write them: each in a process of its own, restarted on change.",
	arguments: [
		{
			name: "files",
			summary: "Programs, or folders with a main.ts or main.js. Default: all of them below this folder.",
			optional: true,
			many: true,
			completes: "files",
		},
	],
	options: {
		gateway: { value: "port", summary: "The port of the gateway, on 127.0.0.1. Default: 8080" },
		"no-gateway": { summary: "Run no gateway beside the services." },
		...discovery,
	},
	notes: [
		"A gateway runs beside the services: one address for all of them, with a page that lists them. The services run without it when its port is taken.",
		"A service restarts when its file or a module that it imports changes. The old process goes on until the new one is ready, and stays when the new one does not start. A process that crashes is started again. Ctrl-C stops all in order; a second one ends them at once.",
		'Which files are run by default can be said in package.json: "allium": { "services": ["services/*/main.ts"] }.',
	],
	examples: ["allium dev", "allium dev examples/greeter examples/addsvc/main.ts"],
	load: async () => (await import("../dev/dev.ts")).dev,
};

const gateway: Command = {
	name: "gateway",
	summary: "Serve every registered service at one address: JSON over HTTP, REST, streams, WebSockets.",
	arguments: [],
	options: {
		listen: {
			value: "host:port",
			summary: "Where to listen. Default: 127.0.0.1:8080, or as PORT and ALLIUM_LISTEN say.",
		},
		expose: {
			value: "name",
			many: true,
			summary:
				"A service, or service/method, that may be called; may be repeated. Default: all, on this machine.",
			completes: "services",
		},
		hosts: {
			value: "host",
			many: true,
			summary:
				"A host by which it may be called, such as api.example.com; may be repeated. Default: as ALLIUM_HOSTS says; on loopback, localhost only.",
		},
		cors: { value: "origin", many: true, summary: "An origin whose pages may call, or *; may be repeated." },
		proxy: {
			value: "/path=url",
			many: true,
			summary: "Pass what is below a path on to a web service; may be repeated.",
		},
		credentials: {
			...credentials,
			summary:
				"Metadata that lets services describe themselves where guards ask for it; may be repeated. Default: ALLIUM_CREDENTIALS.",
		},
		...discovery,
	},
	notes: [
		"On an address that others can reach, only what --expose lists is served, and it does not start without. On a loopback address, a request under another host than localhost is refused unless --hosts names it. The page at / lists what there is, with a command for each method.",
	],
	examples: [
		"allium gateway",
		"allium gateway --listen 0.0.0.0:80 --expose greeter --expose add/sum",
		"allium gateway --cors https://app.example.com --proxy /app=http://127.0.0.1:3000",
	],
	load: async () => (await import("../gateway/gateway.ts")).gateway,
};

const newService: Command = {
	name: "new",
	summary: "Begin a service: contract, implementation, tests, ready to run.",
	arguments: [
		{
			name: "folder",
			summary: "The folder to make, whose name is that of the service; . is the current one.",
			completes: "folders",
		},
	],
	options: {
		template: {
			value: templateNames.join("|"),
			summary: `What it begins as: ${templates.map(({ name, summary }) => `${name} is ${summary}`).join(", ")}. Default: ${templates[0].name}`,
			completes: templateNames,
		},
		install: { summary: "Run npm install there." },
	},
	notes: ["The folder must be new or empty."],
	examples: ["allium new shop", "allium new services/clock --template stream --install"],
	load: async () => (await import("../new/new.ts")).newService,
};

const completion: Command = {
	name: "completion",
	summary: "Print the script that completes commands, options, services and methods in a shell.",
	arguments: [{ name: shells.join("|"), summary: "The shell to complete in.", completes: shells }],
	options: {},
	notes: [
		"In a new shell, words after allium are completed when its start-up file loads the script, as in the examples.",
	],
	examples: [
		`echo 'eval "$(allium completion bash)"' >> ~/.bashrc`,
		`echo 'eval "$(allium completion zsh)"' >> ~/.zshrc    # below compinit`,
		"allium completion fish > ~/.config/fish/completions/allium.fish",
	],
	load: async () => (await import("../completion/completion.ts")).completion,
};

/** What the scripts of `allium completion` ask. */
const complete: Command = {
	name: "complete",
	summary: "Print what the last of some words may become.",
	isHidden: true,
	arguments: [
		{ name: "words", summary: "The words after allium, up to the cursor.", optional: true, many: true },
	],
	options: {},
	load: async () => (await import("../completion/complete.ts")).complete,
};

/** All commands, in the order in which help lists them. */
export const commands: readonly Command[] = [
	services,
	health,
	describe,
	call,
	bench,
	dev,
	gateway,
	newService,
	completion,
	complete,
];
