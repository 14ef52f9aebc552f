import type { Command } from "../command/command.ts";
import { calledMethod, callee, metadata } from "../command/common-options.ts";

/** `allium bench` */
export const benchCommand: Command = {
	name: "bench",
	summary: "Put a method under load, and measure its latencies.",
	takesPath: true,
	arguments: [
		...calledMethod,
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
	load: async () => (await import("./bench.ts")).bench,
};
