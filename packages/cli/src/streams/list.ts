import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { numberOption } from "../command/option-values.ts";
import { columns } from "../text/columns.ts";
import { withStore } from "./opened-store.ts";

/** The most streams to list at once. */
const mostStreams = 10_000;

/** `allium streams list [prefix]` */
export const list: Run = (words, surroundings) =>
	withStore(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [prefix = ""] = words.arguments;
		const limit = numberOption(words, "limit", "whole", mostStreams) ?? 100;
		const { items, next } = await opened.ask((ctx) => opened.store.streams({ prefix, limit }, ctx));
		if (words.has("json")) {
			await terminal.print(JSON.stringify(items, null, terminal.isInteractive ? 2 : 0));
			return exitCode.ok;
		}
		if (items.length === 0) {
			const which = prefix === "" ? "no stream" : `no stream that begins with ${JSON.stringify(prefix)}`;
			await terminal.print(
				`There is ${which} in ${opened.url}: a stream begins with the first command of its id.`,
			);
			return exitCode.ok;
		}
		const { bold, dim } = terminal.styles;
		const rows = items.map(({ stream, topic, version }) => [bold(stream), String(version), topic]);
		await terminal.print(columns([["STREAM", "VERSION", "TOPIC"].map(dim), ...rows]).join("\n"));
		if (next !== undefined) await terminal.print(dim(`There are more; --limit shows up to ${mostStreams}.`));
		return exitCode.ok;
	});
