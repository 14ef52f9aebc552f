import { Context, createClient, givesStream, type MethodDescription, takesStream } from "@allium/core";
import { contractFromDescription } from "@allium/core/reflection";
import { nodeDialers } from "@allium/node";
import type { Run, Surroundings, Words } from "../command/command.ts";
import { type ExitCode, exitCode } from "../command/exit-code.ts";
import { durationOption } from "../command/option-values.ts";
import { type DescribedService, describedService } from "../discovery/described-service.ts";
import { methodOf, sourceOf } from "../discovery/target.ts";
import { Interruption } from "../terminal/interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { callLayers } from "./call-layers.ts";
import { type CallInput, readInput } from "./input.ts";
import { withMetadata } from "./metadata.ts";

/** `allium call <service> <method> [json|-]` */
export const call: Run = async (words, surroundings) => {
	const { stdin, terminal, transports } = surroundings;
	const [service = "", method = "", argument] = words.arguments;
	const timeoutMs = durationOption(words, "timeout");
	const base = withMetadata(words, surroundings, Context.background());
	const { ctx, cancel } = base.withCancel();
	using interruption = new Interruption(() => {
		cancel();
		stdin.destroy();
	});
	const unlisten = [terminal.onGone(cancel)];
	try {
		const found = await describedService(service, words, surroundings, ctx);
		try {
			const described = methodOf(found, service, method);
			// Between two messages, no write finds that the reader has gone.
			if (givesStream(described.kind)) unlisten.push(terminal.onUnread(cancel));
			hintAtInput(described, argument, stdin, terminal);
			const input = await readInput(described.kind, argument, stdin);
			const exchange = { found, service, method, described, input, words, timeoutMs, transports };
			await makeCall(exchange, ctx, terminal);
		} finally {
			await found.close();
		}
		return interruption.code ?? exitCode.ok;
	} catch (error) {
		return endedFromOutside(interruption, terminal) ?? Promise.reject(error);
	} finally {
		for (const stop of unlisten) stop();
		// A pending read of standard input would keep the process alive.
		stdin.destroy();
	}
};

/**
 * Returns the exit code of a command that was told to stop, so that its error is not reported. Undefined for all other
 * errors.
 */
function endedFromOutside(interruption: Interruption, terminal: Terminal): ExitCode | undefined {
	if (interruption.code !== undefined) return interruption.code;
	return terminal.isGone ? exitCode.ok : undefined;
}

/** Everything needed for one call. */
interface Exchange {
	readonly found: DescribedService;
	readonly service: string;
	readonly method: string;
	readonly described: MethodDescription;
	readonly input: CallInput;
	readonly words: Words;
	readonly timeoutMs: number | undefined;
	readonly transports: Surroundings["transports"];
}

async function makeCall(exchange: Exchange, ctx: Context, terminal: Terminal): Promise<void> {
	const { found, method, described, input, words, timeoutMs } = exchange;
	const transports = nodeDialers(exchange.transports, { tls: found.tls });
	await using client = createClient(contractFromDescription(found.description), {
		...sourceOf(found, words, transports),
		...callLayers(described.kind, timeoutMs),
		transports,
	});
	const send = client[method];
	if (send === undefined) throw new TypeError(`the client lacks ${method}`);
	const limited = timeoutMs === undefined ? ctx : ctx.withTimeout(timeoutMs);
	try {
		const output = send(input.value, limited);
		if (Symbol.asyncIterator in output) await printAll(output, terminal);
		else {
			const pretty = terminal.isInteractive && !words.has("json");
			await terminal.print(JSON.stringify(await output, null, pretty ? 2 : 0));
		}
	} catch (error) {
		throw input.failure() ?? error;
	}
}

async function printAll(messages: AsyncIterable<unknown>, terminal: Terminal): Promise<void> {
	for await (const message of messages) {
		await terminal.print(JSON.stringify(message));
		if (terminal.isGone) return;
	}
}

/** Tells a person at the terminal that the command waits for input. */
function hintAtInput(
	{ kind }: MethodDescription,
	argument: string | undefined,
	stdin: NodeJS.ReadStream,
	terminal: Terminal,
): void {
	if (stdin.isTTY !== true) return;
	const isStream = takesStream(kind);
	if (argument !== "-" && !(isStream && argument === undefined)) return;
	const form = isStream ? "messages, one JSON value per line" : "the input as JSON";
	terminal.complain(terminal.errorStyles.dim(`Type ${form}; Ctrl-D ends it.`));
}
