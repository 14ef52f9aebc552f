import { parseArgs } from "node:util";

/** The arguments of a run against a broker. */
export interface CrashArguments {
	/** The broker. */
	readonly url: string;
	/** The package of its adapter. */
	readonly module: string;
	readonly cycles: number;
	readonly workers: number;
	readonly ttlMs: number;
	/** The victims. A server is started by the run. */
	readonly kill: Victim;
	/** How long the server stays away, in milliseconds. */
	readonly outageMs: number;
}

/** The arguments of a run against an event store. */
export interface StoreCrashArguments {
	/** The event store. */
	readonly url: string;
	/** The package of its adapter. */
	readonly module: string;
	readonly cycles: number;
	readonly writers: number;
	/** The victims: processes that write to the store. */
	readonly kill: "writers";
}

/** The arguments of a run against a view store. */
export interface ViewCrashArguments {
	/** The database of the views and of the log that they are made from. */
	readonly url: string;
	/** The package of its adapter. */
	readonly module: string;
	readonly cycles: number;
	readonly workers: number;
	readonly ttlMs: number;
	/** The victims: processes that project views. */
	readonly kill: "projectors";
}

/** A backend, and the package of its adapter. */
export interface NamedBackend {
	readonly url: string;
	readonly module: string;
}

/** The arguments of a run against a relay. */
export interface RelayCrashArguments {
	readonly store: NamedBackend;
	readonly broker: NamedBackend;
	readonly cycles: number;
	readonly workers: number;
	readonly ttlMs: number;
	/** The victims: processes that forward events. */
	readonly kill: "relays";
	/** Whether the broker, which is then a server of the run, is killed, too. */
	readonly killsBroker: boolean;
}

/** The victims: processes that handle events, the server, or both in turn. */
export type Victim = "workers" | "server" | "both";

export const help = `npm run crash -- <broker> [options]
npm run crash -- store <store> [--cycles N] [--workers N]
npm run crash -- views <store> [--cycles N] [--workers N] [--ttl MS]
npm run crash -- relay <store> <broker> [--cycles N] [--workers N] [--ttl MS] [--kill both]

Publishes events and lets processes handle them, of which it kills one with kill -9 or suspends it for longer than its
time to live, again and again. Then it says whether an acknowledged event was lost or a key got out of order. The
broker is a URL as in ALLIUM_BROKER. A topic of its own stays behind. Where the server is killed, it is one that the
run starts and removes: the broker is nats:, postgres: or amqp: alone then. With sqlite: alone, another process locks
the files instead.

With the word store before it, the URL is that of an event store, as in ALLIUM_EVENTS. Processes append to two streams
at once, and are killed with kill -9. Then it says whether an acknowledged append was lost, torn or doubled. Streams of
their own stay behind.

With the word views, processes project views of SQL and of documents, and are killed or suspended as they do it, also
while a view is built again and while readers change over. Then it says whether a build has each event of its log once.
Two views of their own stay behind.

With the word relay, processes forward the events of an event store to a broker, and are killed or suspended. With
--kill both, the broker is killed, too: it is nats: or amqp: alone then. It says whether an event was lost, or came in
another order than the store has, and how many the broker has twice.

Each tenth cycle it says how far it is. Ctrl-C or SIGTERM ends the run after the cycle in hand: it tells the figures so
far, and exits with 130 or 143; with 1 where something is lost or out of order.

Options:
  --cycles N    how often a process is killed or suspended; default 1000
  --kill WHAT   workers (default), server: kill -9 of the server and its restart, or both in turn
  --outage S    how long the server stays away each time, in seconds; default 0
  --workers N   how many processes there are; default 3
  --ttl MS      their time to live, in milliseconds; default 600
  --help

Examples:
  npm run crash -- sqlite:/tmp/crash --cycles 100
  npm run crash -- nats://127.0.0.1:4222
  npm run crash -- postgres: --kill server --cycles 100
  npm run crash -- amqp: --kill server --cycles 1 --outage 60
  npm run crash -- store sqlite:/tmp/crash --cycles 100
  npm run crash -- views sqlite:/tmp/crash --cycles 100
  npm run crash -- relay sqlite:/tmp/crash nats: --kill both --cycles 100`;

const victims: readonly Victim[] = ["workers", "server", "both"];

/** The packages of the adapters, by the scheme of their URLs. */
const modules: ReadonlyMap<string, string> = new Map([
	["sqlite", "@allium/sqlite"],
	["nats", "@allium/nats"],
	["postgres", "@allium/postgres"],
	["postgresql", "@allium/postgres"],
	["amqp", "@allium/amqp"],
	["amqps", "@allium/amqp"],
]);

/** The schemes of the adapters that have event stores. */
const storeSchemes: readonly string[] = ["sqlite", "postgres", "postgresql"];

/** Thrown for arguments that are invalid. */
export class UsageError extends Error {}

/**
 * Parses the arguments of a run. Returns undefined if they only ask for help.
 *
 * @throws UsageError if they are invalid.
 */
export function readArguments(
	args: readonly string[],
): CrashArguments | StoreCrashArguments | ViewCrashArguments | RelayCrashArguments | undefined {
	const { values, positionals } = parse(args);
	if (values.help) return undefined;
	if (positionals[0] === "store") return storeArguments(positionals.slice(1), values);
	if (positionals[0] === "views") return viewArguments(positionals.slice(1), values);
	if (positionals[0] === "relay") return relayArguments(positionals.slice(1), values);
	const { url, module } = brokerNamed(positionals);
	const kill = victims.find((victim) => victim === values.kill);
	if (kill === undefined) throw new UsageError(`--kill takes ${victims.join(", ")}, not "${values.kill}".`);
	if (kill !== "workers" && !["nats:", "postgres:", "amqp:", "sqlite:"].includes(url)) {
		throw new UsageError(
			`Only a server of the run's own is killed: the broker is nats:, postgres:, amqp: or sqlite: alone, not "${url}".`,
		);
	}
	const outageMs = 1_000 * number("outage", values.outage, 0);
	if (outageMs > 0 && kill === "workers") {
		throw new UsageError(
			"--outage is how long a server stays away: give --kill server or --kill both with it.",
		);
	}
	return {
		url,
		module,
		kill,
		outageMs,
		cycles: number("cycles", values.cycles, 1),
		workers: number("workers", values.workers, 2),
		ttlMs: number("ttl", values.ttl, 100),
	};
}

/** The options as texts. */
type Values = Readonly<Record<"cycles" | "workers" | "kill" | "ttl", string>>;

function storeArguments(words: readonly string[], { cycles, workers, kill }: Values): StoreCrashArguments {
	const database = databaseNamed("store", words);
	if (kill !== "workers")
		throw new UsageError("Of an event store only writers are killed: leave --kill out.");
	return {
		...database,
		kill: "writers",
		cycles: number("cycles", cycles, 1),
		writers: number("workers", workers, 1),
	};
}

function viewArguments(words: readonly string[], { cycles, workers, kill, ttl }: Values): ViewCrashArguments {
	const database = databaseNamed("views", words);
	if (kill !== "workers")
		throw new UsageError("Of views only the processes that project them are killed: leave --kill out.");
	return {
		...database,
		kill: "projectors",
		cycles: number("cycles", cycles, 1),
		workers: number("workers", workers, 2),
		ttlMs: number("ttl", ttl, 100),
	};
}

function relayArguments(
	[store = "", ...broker]: readonly string[],
	{ cycles, workers, kill, ttl }: Values,
): RelayCrashArguments {
	const target = brokerNamed(broker);
	if (kill === "server") throw new UsageError("Of a relay, --kill takes workers or both.");
	if (kill === "both" && !["nats:", "amqp:"].includes(target.url)) {
		throw new UsageError(
			`Only a server of the run's own is killed: the broker is nats: or amqp: alone, not "${target.url}".`,
		);
	}
	return {
		store: databaseNamed("relay", [store]),
		broker: target,
		kill: "relays",
		killsBroker: kill === "both",
		cycles: number("cycles", cycles, 1),
		workers: number("workers", workers, 2),
		ttlMs: number("ttl", ttl, 100),
	};
}

function brokerNamed([url, ...others]: readonly string[]): NamedBackend {
	if (url === undefined || others.length > 0) throw new UsageError("Name one broker, by its URL.");
	const module = modules.get(url.split(":")[0] ?? "");
	if (module !== undefined) return { url, module };
	throw new UsageError(`The broker is one of ${[...modules.keys()].join(", ")}, not "${url}".`);
}

function databaseNamed(behind: string, [url = "", ...others]: readonly string[]): NamedBackend {
	const scheme = url.split(":")[0] ?? "";
	if (scheme === "memory") {
		throw new UsageError("What is in memory ends with its process, so that nothing is left to look at.");
	}
	const module = storeSchemes.includes(scheme) ? modules.get(scheme) : undefined;
	if (module === undefined || others.length > 0) {
		throw new UsageError(`Name one database behind "${behind}": one of ${storeSchemes.join(", ")}.`);
	}
	return { url, module };
}

function parse(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			allowPositionals: true,
			options: {
				cycles: { type: "string", default: "1000" },
				workers: { type: "string", default: "3" },
				kill: { type: "string", default: "workers" },
				ttl: { type: "string", default: "600" },
				outage: { type: "string", default: "0" },
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
