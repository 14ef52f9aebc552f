import { parseArgs } from "node:util";
import { type Work, works } from "./protocol.ts";
import { stacks } from "./stacks.ts";

export const suiteNames = [
	"rpc",
	"streams",
	"http",
	"in-process",
	"process",
	"growth",
	"cluster",
	"events",
	"store",
] as const;
export type SuiteName = (typeof suiteNames)[number];

/** The options of a run. */
export interface Options {
	readonly suites: readonly SuiteName[];
	/** The ids of the stacks; all of them when undefined. */
	readonly stacks: readonly string[] | undefined;
	readonly works: readonly Work[];
	readonly concurrencies: readonly number[];
	readonly rounds: number;
	/** How long one measurement of `sum` takes. The others take half of it. */
	readonly milliseconds: number;
	readonly quick: boolean;
	/** Whether the run includes a million waiting events (events). */
	readonly million: boolean;
	readonly pin: boolean;
	/** The file for the rows as JSON. */
	readonly json: string | undefined;
	/** The file for the report. Undefined for a run that does not measure everything. */
	readonly out: string | undefined;
}

export const help = `npm run bench -- [suites] [options]

Measures Allium side by side with floors and peers; without a suite, all of them:
  rpc         calls between two processes: every stack at every work
  streams     a server stream of small messages
  http        servers of HTTP/1.1 alone, under wrk
  in-process  what the layers cost without a wire
  process     cold start, memory, idle connections and streams
  growth      calls with many instances, methods and services
  cluster     calls between apps that found each other in different registries, and through a queue
  events      publishing, reading and handling on every backend, beside its bare floor and queues of jobs
  store       appending to streams, loading them and reading their log, beside the bare floor

Options:
  --quick               fewer and shorter rounds: the whole within two minutes
  --stacks a,b          only these: ${stacks.map(({ id }) => id).join(", ")}
                        (the floors F and H come with them unless --no-floor is given)
  --work a,b            ${works.join(", ")}
  --concurrency 1,64    calls at once (rpc)
  --rounds N            default 5; 2 with --quick
  --milliseconds N      of one measurement; default 700; 150 with --quick
  --million             a million events wait on SQLite, too: two minutes more (events)
  --no-pin              lets processes use any core
  --json FILE           writes the rows as JSON
  --out FILE            writes the report; default for a whole run: bench/RESULTS.md
  --help`;

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
	const quick = values.quick;
	const suites = positionals.map((name) => oneOf(name, suiteNames, "suite"));
	const chosen = values.stacks?.split(",").map((id) => {
		return oneOf(
			id.trim(),
			stacks.map((stack) => stack.id),
			"stack",
		);
	});
	const whole = suites.length === 0 && chosen === undefined && !quick && values.work === undefined;
	return {
		suites: suites.length === 0 ? suiteNames : suites,
		stacks: chosen && (values.floor ? [...new Set(["floor-net", "floor-http", ...chosen])] : chosen),
		works:
			values.work?.split(",").map((name) => oneOf(name.trim(), works, "work")) ?? (quick ? ["sum"] : works),
		concurrencies: values.concurrency?.split(",").map((text) => positive(text, "--concurrency")) ?? [
			...(quick ? [1, 64, 256] : [1, 16, 64, 256]),
		],
		rounds: positive(values.rounds ?? (quick ? "2" : "5"), "--rounds"),
		milliseconds: positive(values.milliseconds ?? (quick ? "150" : "700"), "--milliseconds"),
		quick,
		million: values.million,
		pin: values.pin,
		json: values.json,
		out: values.out ?? (whole ? new URL("RESULTS.md", import.meta.url).pathname : undefined),
	};
}

function parse(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			allowPositionals: true,
			allowNegative: true,
			options: {
				help: { type: "boolean", default: false },
				quick: { type: "boolean", default: false },
				million: { type: "boolean", default: false },
				stacks: { type: "string" },
				floor: { type: "boolean", default: true },
				work: { type: "string" },
				concurrency: { type: "string" },
				rounds: { type: "string" },
				milliseconds: { type: "string" },
				pin: { type: "boolean", default: true },
				json: { type: "string" },
				out: { type: "string" },
			},
		});
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : String(error));
	}
}

function oneOf<Name extends string>(name: string, names: readonly Name[], what: string): Name {
	const found = names.find((known) => known === name);
	if (found === undefined)
		throw new UsageError(`no ${what} is called "${name}"; there are ${names.join(", ")}`);
	return found;
}

function positive(text: string, option: string): number {
	const number = Number(text);
	if (!Number.isInteger(number) || number < 1) {
		throw new UsageError(`${option} takes whole numbers from 1 on, not "${text}"`);
	}
	return number;
}
