import type { ExportedJournal } from "@allium/events/journal";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { withStore } from "../streams/opened-store.ts";
import { foundRun } from "./found-run.ts";

/** `allium workflows export <workflow> <key>` */
export const exportJournal: Run = (words, surroundings) =>
	withStore(words, surroundings, async (opened) => {
		const [workflow = "", key = ""] = words.arguments;
		const { journal } = await foundRun(opened, workflow, key);
		const exported: ExportedJournal = { workflow, key, events: journal.entries.map(({ record }) => record) };
		// In several lines, so that people can read it beside their tests.
		await surroundings.terminal.print(JSON.stringify(exported, null, 2));
		return exitCode.ok;
	});
