import { withBroker } from "../broker/opened-broker.ts";
import type { Run } from "../command/command.ts";
import { confirmed } from "../command/confirmed.ts";
import { exitCode } from "../command/exit-code.ts";
import { groupFacts } from "./group-facts.ts";
import { unknownGroup } from "./group-named.ts";
import { kept } from "./rewind.ts";
import { unheld } from "./unheld.ts";

/** `allium groups delete <topic> <group>` */
export const deleteGroup: Run = (words, surroundings) =>
	withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [topic = "", group = ""] = words.arguments;
		const facts = await groupFacts(opened, { topic, group });
		if (facts === undefined) throw await unknownGroup(opened, { topic, group });
		const what = `The group ${group} of ${topic} would be deleted, with ${kept(facts)}.`;
		if (!(await confirmed(what, words, surroundings))) return exitCode.failed;
		const store = opened.state.group({ topic, group });
		const say = (sentence: string): void => terminal.status(sentence);
		await unheld(opened, { topic, group }, (ctx) => store.forget(ctx), say);
		await terminal.print(
			words.has("json")
				? JSON.stringify({ topic, group, deleted: true })
				: `The group ${group} of ${topic} is deleted. An app that subscribes as ${group} makes it again.`,
		);
		return exitCode.ok;
	});
