import type { StreamEvent } from "@allium/core/store";
import type { Run } from "../command/command.ts";
import { notFound } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { numberOption } from "../command/option-values.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { FoldedState, plain } from "./folded-state.ts";
import { type OpenedStore, withStore } from "./opened-store.ts";

/** `allium streams show <stream>` */
export const show: Run = async (words, surroundings) => {
	const [stream = ""] = words.arguments;
	const module = words.value("decider");
	const folded = module === undefined ? undefined : await FoldedState.of(stream, module, surroundings.cwd);
	return withStore(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const at = numberOption(words, "at", "whole", Number.MAX_SAFE_INTEGER);
		const { version } = await opened.ask((ctx) => opened.store.read(stream, { limit: 1 }, ctx));
		if (version === 0) throw await noStream(opened, stream);
		if (at !== undefined && at > version) {
			throw notFound(`The stream ${stream} has the version ${version}, and no version ${at} yet.`);
		}
		const isJson = words.has("json");
		for await (const events of pages(opened, stream, at ?? version)) {
			const shown = isJson ? await lines(events, folded) : table(events, terminal.styles);
			await terminal.print(shown.join("\n"));
			if (!isJson) await folded?.addAll(events);
		}
		if (folded === undefined || isJson) return exitCode.ok;
		const title = terminal.styles.dim(`State at version ${at ?? version}:`);
		await terminal.print(`${title}\n${JSON.stringify(folded.state, plain, 2) ?? "none"}`);
		return exitCode.ok;
	});
};

/** A line of JSON for each event, with the state after it if that is known. */
async function lines(events: readonly StreamEvent[], folded: FoldedState | undefined): Promise<string[]> {
	const made: string[] = [];
	for (const stored of events) {
		const { version, event } = stored;
		await folded?.addAll([stored]);
		made.push(JSON.stringify({ version, event, state: folded?.state }, plain));
	}
	return made;
}

/** The events of a stream up to a version. */
async function* pages(
	{ store, ask }: OpenedStore,
	stream: string,
	last: number,
): AsyncGenerator<readonly StreamEvent[]> {
	let after = 0;
	while (after < last) {
		const from = after;
		const page = await ask((ctx) =>
			store.read(stream, { after: from, limit: Math.min(1_000, last - from) }, ctx),
		);
		if (page.events.length === 0) return;
		after = page.events.at(-1)?.version ?? last;
		yield page.events;
	}
}

async function noStream({ store, url, ask }: OpenedStore, stream: string) {
	const [prefix = ""] = stream.split("/");
	const { items } = await ask((ctx) => store.streams({ prefix: `${prefix}/`, limit: 5 }, ctx));
	const known = items.map((item) => item.stream).join(", ");
	return notFound(`There is no stream ${JSON.stringify(stream)} in ${url}.`, [
		known === ""
			? "allium streams list shows those that are there; a stream is named after its decider and its id: account/a1."
			: `Known here: ${known}.`,
	]);
}

function table(events: readonly StreamEvent[], { bold, dim }: Styles): string[] {
	return columns(
		events.map(({ version, event }) => [
			dim(String(version)),
			dim(event.time),
			bold(event.type),
			JSON.stringify(event.data) ?? "",
		]),
	);
}
