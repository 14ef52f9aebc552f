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

/** The credentials for guards. */
const credentials: Option = {
	value: "name=value",
	many: true,
	summary: "Metadata that tells guards who you are; may be repeated. Default: ALLIUM_CREDENTIALS.",
};

/** The options that choose the instance to call. */
const callee: Readonly<Record<string, Option>> = {
	url: {
		value: "url",
		summary: "Call this address, without a registry: allium://host:port or http://host:port.",
	},
	credentials,
	instance: { value: "id", summary: "Call this instance; the first characters of its id are enough." },
	...discovery,
};

const metadata: Option = {
	value: "name=value",
	many: true,
	summary: "Metadata to send with the call; may be repeated.",
};

const json: Option = { summary: "Print JSON." };

const services: Command = {
	name: "services",
	summary: "List the services that are up, and their addresses.",
	arguments: [],
	options: { json, ...discovery },
	examples: ["allium services", "allium services --json | jq -r '.[].name'"],
	load: async () => (await import("../services/services.ts")).services,
};

const health: Command = {
	name: "health",
	summary: "Show which instances take calls, and the results of their health checks.",
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
		"Each instance in the registry is asked at /readyz. The exit code is 1 if an instance does not take calls, does not answer, or has a failing check.",
	],
	examples: ["allium health", "allium health shop --json | jq '.[] | select(.healthy | not)'"],
	load: async () => (await import("../health/health.ts")).health,
};

const describe: Command = {
	name: "describe",
	summary: "Show the methods of a service, their types and errors, and how to call them.",
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
	summary: "Call a method and print its answer.",
	takesPath: true,
	arguments: [
		{
			name: "service",
			summary: "The name of the service; <service>/<method> in one word works too.",
			completes: "services",
		},
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
	load: async () => (await import("../call/call.ts")).call,
};

const bench: Command = {
	name: "bench",
	summary: "Put a method under load, and measure its latencies.",
	takesPath: true,
	arguments: [
		{
			name: "service",
			summary: "The name of the service; <service>/<method> in one word works too.",
			completes: "services",
		},
		{ name: "method", summary: "The name of the method.", completes: "methods" },
		{
			name: "json|-",
			summary:
				"The input of every call as JSON, or - to read several inputs from standard input. Default: {}",
			optional: true,
		},
	],
	options: {
		rate: {
			value: "n",
			summary:
				"Calls per second, started on schedule whether or not earlier calls are answered: an open loop.",
		},
		arrivals: {
			value: "even|poisson",
			summary: "How the calls of an open loop are spread over time. Default: even",
			completes: ["even", "poisson"],
		},
		concurrency: {
			value: "n",
			summary: "The most calls in flight. Default: 1000 with --rate, otherwise 16.",
		},
		duration: { value: "duration", summary: "How long to measure: 500ms, 30s, 5m. Default: 10s" },
		warmup: {
			value: "duration",
			summary: "How long to make calls before measuring; 0 for no warm-up. Default: 1s",
		},
		timeout: {
			value: "duration",
			summary:
				"How long a call may take, including its wait for a place and the whole of a stream. Default: 10s",
		},
		inputs: {
			value: "file",
			summary: "A file of inputs that the calls take in turn, one JSON value per line.",
			completes: "files",
		},
		assert: {
			value: "conditions",
			many: true,
			summary: "Conditions such as 'p99<50ms,errors<0.1%'; if one does not hold, the exit code is 1.",
		},
		"expected-interval": {
			value: "duration",
			summary: "In a closed loop, add the calls that each caller could not make while it waited.",
		},
		metadata,
		json: { summary: "Print the report as JSON." },
		...callee,
	},
	showsExitCodes: true,
	notes: [
		"With --rate, a latency counts from the moment when its call was due, so that a service which stands still shows in every call that was due meanwhile. Without it, each of --concurrency callers calls again as soon as it has its answer: that finds the highest rate, but hides waiting.",
		"Failed calls are not repeated. The latency of a stream is the time to its first message, and the stream is read to its end; the input of a method that takes a stream is an array of messages. Ctrl-C ends the load and prints the report so far.",
		"--assert takes conditions separated by commas: a metric, one of < <= > >= =, and a value. The metrics are any percentile from p50 to p99.99, min, mean and max, in us, ms or s; errors, as a number or in %; and rate, the successful calls per second. The exit code is also 1 if no call succeeded.",
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
	summary: "Run services while you write them: each in its own process, restarted when its code changes.",
	arguments: [
		{
			name: "files",
			summary:
				"Programs, or folders with a main.ts or main.js. Default: every such program below this folder.",
			optional: true,
			many: true,
			completes: "files",
		},
	],
	options: {
		gateway: { value: "port", summary: "The port of the gateway, on 127.0.0.1. Default: 8080" },
		"no-gateway": { summary: "Run the services without a gateway." },
		...discovery,
	},
	notes: [
		"A gateway runs beside the services: one address for all of them, with a page that lists them. If its port is taken, the services run without it.",
		"A service restarts when its file or a module that it imports changes. The old process serves until the new one is ready, and stays if the new one does not start. A process that crashes is started again. Ctrl-C stops all processes in order; a second Ctrl-C ends them at once.",
		'package.json can name the programs to run by default: "allium": { "services": ["services/*/main.ts"] }.',
	],
	examples: ["allium dev", "allium dev examples/greeter examples/addsvc/main.ts"],
	load: async () => (await import("../dev/dev.ts")).dev,
};

const gateway: Command = {
	name: "gateway",
	summary: "Serve every registered service at one address, over HTTP, REST, streams and WebSockets.",
	arguments: [],
	options: {
		listen: {
			value: "host:port",
			summary: "The address to listen on. Default: that of PORT and ALLIUM_LISTEN, else 127.0.0.1:8080.",
		},
		expose: {
			value: "name",
			many: true,
			summary:
				"A service or service/method that may be called; may be repeated. Default: all, for callers on this machine.",
			completes: "services",
		},
		hosts: {
			value: "host",
			many: true,
			summary:
				"A host name that requests may use, such as api.example.com; may be repeated. Default: those of ALLIUM_HOSTS; on loopback, localhost only.",
		},
		cors: {
			value: "origin",
			many: true,
			summary: "An origin whose pages may call, or * for all; may be repeated.",
		},
		proxy: {
			value: "/path=url",
			many: true,
			summary: "Pass requests below a path on to a web service; may be repeated.",
		},
		credentials: {
			...credentials,
			summary:
				"Metadata for services whose guards ask for it before they describe themselves; may be repeated. Default: ALLIUM_CREDENTIALS.",
		},
		...discovery,
	},
	notes: [
		"On an address that others can reach, only what --expose lists is served, and without --expose the gateway does not start. On a loopback address, a request for another host than localhost is refused unless --hosts names that host. The page at / lists the services, with a command for each method.",
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
	summary: "Make a new service with a contract, an implementation and tests, ready to run.",
	arguments: [
		{
			name: "folder",
			summary: "The folder to make; the service has its name. For the current folder: .",
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
	summary: "Print a script that completes commands, options, services and methods in your shell.",
	arguments: [{ name: shells.join("|"), summary: "The shell to complete in.", completes: shells }],
	options: {},
	notes: [
		"Load the script in the start-up file of the shell, as in the examples; new shells then complete the words after allium.",
	],
	examples: [
		`echo 'eval "$(allium completion bash)"' >> ~/.bashrc`,
		`echo 'eval "$(allium completion zsh)"' >> ~/.zshrc    # below compinit`,
		"allium completion fish > ~/.config/fish/completions/allium.fish",
	],
	load: async () => (await import("../completion/completion.ts")).completion,
};

/** The scripts of `allium completion` call this. */
const complete: Command = {
	name: "complete",
	summary: "Print the completions of the last word.",
	isHidden: true,
	arguments: [
		{ name: "words", summary: "The words after allium, up to the cursor.", optional: true, many: true },
	],
	options: {},
	load: async () => (await import("../completion/complete.ts")).complete(commands),
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
