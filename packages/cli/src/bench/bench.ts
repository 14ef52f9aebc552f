import { performance } from "node:perf_hooks";
import { Context, createClient, type Middleware, pickedInstance } from "@allium/core";
import { contractFromDescription } from "@allium/core/reflection";
import { type LoadCall, type LoadOptions, load } from "@allium/load";
import { nodeDialers } from "@allium/node";
import { withMetadata } from "../call/metadata.ts";
import type { Run, Surroundings, Words } from "../command/command.ts";
import { type ExitCode, exitCode } from "../command/exit-code.ts";
import { type DescribedService, describedService } from "../discovery/described-service.ts";
import { methodOf, sourceOf } from "../discovery/target.ts";
import { Interruption } from "../terminal/interruption.ts";
import { type Assertion, parseAssertions } from "./assertion.ts";
import { type Inputs, readInputs } from "./inputs.ts";
import { loadOptions } from "./options.ts";
import { glyphsFor } from "./plot.ts";
import { assertionResults, type BenchResult, progressText, reportText } from "./report-text.ts";

/** The largest width of a report, in letters. */
const widest = 80;

/** `allium bench <service> <method> [json|-]` */
export const bench: Run = async (words, surroundings) => {
	const { stdin, terminal } = surroundings;
	const [service = "", method = "", argument] = words.arguments;
	const assertions = words.values("assert").flatMap(parseAssertions);
	const options = loadOptions(words);
	const { ctx, cancel } = withMetadata(words, surroundings, Context.background()).withCancel();
	using interruption = new Interruption(() => {
		cancel();
		stdin.destroy();
	});
	const unlisten = terminal.onGone(cancel);
	try {
		const found = await describedService(service, words, surroundings, ctx);
		try {
			const { kind } = methodOf(found, service, method);
			const inputs = await readInputs(kind, argument, words, stdin);
			const target: MeasuredMethod = { found, service, method, inputs };
			const result = await measure(target, options, assertions, ctx, words, surroundings);
			await print(result, words, surroundings);
			return interruption.code ?? codeOf(result);
		} finally {
			await found.close();
		}
	} catch (error) {
		if (interruption.code !== undefined) return interruption.code;
		throw error;
	} finally {
		unlisten();
		// A pending read of standard input would keep the process alive.
		stdin.destroy();
	}
};

/** The method to call, and its input. */
interface MeasuredMethod {
	readonly found: DescribedService;
	readonly service: string;
	readonly method: string;
	readonly inputs: Inputs;
}

async function measure(
	{ found, service, method, inputs }: MeasuredMethod,
	options: Omit<LoadOptions, "call">,
	assertions: readonly Assertion[],
	ctx: Context,
	words: Words,
	{ terminal, transports }: Surroundings,
): Promise<BenchResult> {
	const attempts = new Map<string, number>();
	const hasInstances = found.directory !== undefined && !words.has("instance");
	const dialers = nodeDialers(transports, { tls: found.tls });
	await using client = createClient(contractFromDescription(found.description), {
		...sourceOf(found, words, dialers),
		// Each call has its own deadline, and none is retried, so that every failure shows.
		middleware: [],
		attempt: hasInstances ? [countInstances(attempts)] : [],
		transports: dialers,
	});
	const send = client[method];
	if (send === undefined) throw new TypeError(`the client lacks ${method}`);
	const call: LoadCall = (number, ctx) => send(inputs(number), ctx);
	const before = performance.eventLoopUtilization();
	try {
		const onProgress: LoadOptions["onProgress"] = (window) => terminal.status(progressText(window));
		const report = await load({ ...options, call, onProgress }, ctx);
		const { active, idle } = performance.eventLoopUtilization(before);
		const busy = (active - report.idleTurnsMs) / (active + idle);
		return { name: `${service}/${method}`, report, attempts, busy, assertions };
	} finally {
		terminal.status("");
	}
}

function countInstances(attempts: Map<string, number>): Middleware {
	return (next) => (input, ctx) => {
		const id = pickedInstance(ctx)?.id ?? "unknown";
		attempts.set(id, (attempts.get(id) ?? 0) + 1);
		return next(input, ctx);
	};
}

async function print(result: BenchResult, words: Words, { terminal, env }: Surroundings): Promise<void> {
	const { name, report, attempts, busy, assertions } = result;
	if (words.has("json")) {
		const instances = Object.fromEntries(attempts);
		const results = assertionResults(assertions, report);
		const data = { method: name, ...report, busy, attemptsByInstance: instances, assertions: results };
		return terminal.print(JSON.stringify(data, null, terminal.isInteractive ? 2 : 0));
	}
	const width = Math.max(40, Math.min(terminal.width, widest));
	return terminal.print(reportText(result, { styles: terminal.styles, glyphs: glyphsFor(env), width }));
}

function codeOf({ report, assertions }: BenchResult): ExitCode {
	const allHold = assertionResults(assertions, report).every(({ holds }) => holds);
	return allHold && report.succeeded > 0 ? exitCode.ok : exitCode.failed;
}
