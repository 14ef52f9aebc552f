import { parseArgs } from "node:util";

/** What is tried, and how often. */
export interface CrashArguments {
	/** The broker. */
	readonly url: string;
	/** The package of its adapter. */
	readonly module: string;
	readonly cycles: number;
	readonly workers: number;
	readonly ttlMs: number;
}

export const help = `npm run crash -- <broker> [options]

Publishes events and lets processes handle them, of which it kills one with kill -9 or suspends it for longer than its
time to live, again and again. Then it says whether an acknowledged event was lost or a key got out of order. The
broker is a URL as in ALLIUM_BROKER. A topic of its own stays behind.

Options:
  --cycles N    how often a process is killed or suspended; default 1000
  --workers N   how many processes there are; default 3
  --ttl MS      their time to live, in milliseconds; default 600
  --help

Examples:
  npm run crash -- sqlite:/tmp/crash --cycles 100
  npm run crash -- nats://127.0.0.1:4222`;

/** The packages of the adapters, by the scheme of their URLs. */
const modules: ReadonlyMap<string, string> = new Map([
	["sqlite", "@allium/sqlite"],
	["nats", "@allium/nats"],
	["postgres", "@allium/postgres"],
	["postgresql", "@allium/postgres"],
	["amqp", "@allium/amqp"],
	["amqps", "@allium/amqp"],
]);

/** Thrown for arguments that make no sense. */
export class UsageError extends Error {}

/**
 * Parses the arguments of a run. Returns undefined if they only ask for help.
 *
 * @throws UsageError if they make no sense.
 */
export function readArguments(args: readonly string[]): CrashArguments | undefined {
	const { values, positionals } = parse(args);
	if (values.help) return undefined;
	const [url, ...others] = positionals;
	if (url === undefined || others.length > 0) throw new UsageError("Name one broker, by its URL.");
	const module = modules.get(url.split(":")[0] ?? "");
	if (module === undefined) {
		throw new UsageError(`The broker is one of ${[...modules.keys()].join(", ")}, not "${url}".`);
	}
	return {
		url,
		module,
		cycles: number("cycles", values.cycles, 1),
		workers: number("workers", values.workers, 2),
		ttlMs: number("ttl", values.ttl, 100),
	};
}

function parse(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			allowPositionals: true,
			options: {
				cycles: { type: "string", default: "1000" },
				workers: { type: "string", default: "3" },
				ttl: { type: "string", default: "600" },
				help: { type: "boolean", default: false },
			},
		});
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : String(error));
	}
}

function number(name: string, text: string, least: number): number {
	const value = Number(text);
	if (Number.isSafeInteger(value) && value >= least && text.trim() !== "") return value;
	throw new UsageError(`--${name} takes a whole number from ${least} on, not "${text}".`);
}
