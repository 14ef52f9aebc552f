// npm run bench -- --help
import { writeFileSync } from "node:fs";
import { canPin } from "./child.ts";
import { machine } from "./machine.ts";
import { help, type Options, readOptions, type SuiteName, UsageError } from "./options.ts";
import { installPeers, peerVersions } from "./peers.ts";
import { report, type Setting } from "./report.ts";
import { Run } from "./run.ts";
import { cluster } from "./suites/cluster.ts";
import { events } from "./suites/events.ts";
import { growth } from "./suites/growth.ts";
import { http } from "./suites/http.ts";
import { inProcess } from "./suites/in-process.ts";
import { processes } from "./suites/process.ts";
import { rpc } from "./suites/rpc.ts";
import { store } from "./suites/store.ts";
import { streams } from "./suites/streams.ts";

const suites: Readonly<Record<SuiteName, (run: Run) => Promise<void>>> = {
	rpc,
	streams,
	http,
	"in-process": inProcess,
	process: processes,
	growth,
	cluster,
	events,
	store,
};

const startedAt = performance.now();

/** After this time a quick run starts no other suite, in milliseconds. The longest suite takes about half a minute. */
const quickMs = 95_000;

/** Reports progress on standard error. Only the report goes to standard output. */
function say(line: string): void {
	const seconds = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(4);
	process.stderr.write(`${seconds} s  ${line}\n`);
}

function setting({ rounds, milliseconds }: Options, pinned: boolean): Setting {
	return {
		command: ["npm run bench --", ...process.argv.slice(2)].join(" ").replace(/ --$/, ""),
		machine: machine(),
		versions: peerVersions(),
		method: [
			`Medians of ${rounds} rounds, the stacks in turn; a measurement of sum takes ${milliseconds} ms; closed loop, warmed up`,
			pinned
				? "Pinned by taskset: all threads of a server process, those of the garbage collector too, on one core, all of the client on another (a process that is both: on the client's); nats-server is not pinned"
				: "Not pinned: processes use any core",
		],
		at: new Date().toISOString().slice(0, 10),
	};
}

async function main(options: Options): Promise<void> {
	const pinned = options.pin && canPin;
	const run = new Run(options, { pinned, notInstalled: await installPeers(say), say });
	for (const name of options.suites) {
		if (options.quick && performance.now() - startedAt > quickMs) {
			run.failed(name, "the suite", "no time was left of two minutes");
			continue;
		}
		try {
			await suites[name](run);
		} catch (error) {
			run.failed(name, "the suite", error);
		}
	}
	const text = report(run, setting(options, pinned));
	console.log(text);
	if (options.out !== undefined) writeFileSync(options.out, text);
	if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run.rows, null, "\t")}\n`);
	say("done");
}

try {
	const options = readOptions(process.argv.slice(2));
	if (options === undefined) console.log(help);
	else await main(options);
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	console.error(`${error.message}\n\n${help}`);
	process.exitCode = 2;
}
