import { parseArgs } from "node:util";

/** The options of a soak. */
export interface Options {
	/** The registry, or `simulated:`. */
	readonly url: string;
	readonly instances: number;
	readonly watchers: number;
	/** How long the outage lasts, in milliseconds. 0 for none. */
	readonly outageMs: number;
	/** How the registry is cut off: connections are reset and refused, or bytes wait. */
	readonly fault: "cut" | "stall";
	/** How long nothing happens but heartbeats, in milliseconds. */
	readonly steadyMs: number;
	/** The address at which a NATS server reports how many messages it has handled, such as `http://127.0.0.1:8222`. */
	readonly monitor: string | undefined;
}

export const help = `npm run soak -- <registry> [options]

Registers many instances, watches them, takes the registry away for a while, and prints what that costs and how long
it takes. Each instance and each watcher has a handle of its own, as a process would. The registry is a URL as in
ALLIUM_REGISTRY. With "simulated:", it runs in the simulator, on virtual time.

Options:
  --instances N     default 100
  --watchers N      default 100
  --outage SECONDS  default 60; 0 for none. A registry that is not reached over TCP has none.
  --fault cut       connections are reset and refused, as when the server is killed; the default
  --fault stall     connections carry nothing, as in a partition
  --steady SECONDS  how long heartbeats are measured; default 20
  --monitor URL     the monitoring port of a NATS server, to count messages: http://127.0.0.1:8222
  --help

Examples:
  npm run soak -- nats://127.0.0.1:4222 --instances 1000 --watchers 100 --outage 60
  npm run soak -- simulated: --instances 1000 --watchers 1000 --steady 10`;

/** Thrown for arguments that are invalid. */
export class UsageError extends Error {}

/**
 * Parses the arguments of a run. Returns undefined if they only ask for help.
 *
 * @throws UsageError if they are invalid.
 */
export function readOptions(args: readonly string[]): Options | undefined {
	const { values, positionals } = parse(args);
	if (values.help) return undefined;
	const [url, ...others] = positionals;
	if (url === undefined || others.length > 0) throw new UsageError("Name one registry, by its URL.");
	if (values.fault !== "cut" && values.fault !== "stall") {
		throw new UsageError(`--fault is cut or stall, not "${values.fault}".`);
	}
	return {
		url,
		instances: number("instances", values.instances, 1),
		watchers: number("watchers", values.watchers, 1),
		outageMs: 1_000 * number("outage", values.outage, 0),
		fault: values.fault,
		steadyMs: 1_000 * number("steady", values.steady, 1),
		monitor: values.monitor,
	};
}

function parse(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			allowPositionals: true,
			options: {
				instances: { type: "string", default: "100" },
				watchers: { type: "string", default: "100" },
				outage: { type: "string", default: "60" },
				fault: { type: "string", default: "cut" },
				steady: { type: "string", default: "20" },
				monitor: { type: "string" },
				help: { type: "boolean", default: false },
			},
		});
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : String(error));
	}
}

function number(name: string, text: string, least: number): number {
	const value = Number(text);
	if (Number.isFinite(value) && value >= least && text.trim() !== "") return value;
	throw new UsageError(`--${name} takes a number from ${least} on, not "${text}".`);
}
