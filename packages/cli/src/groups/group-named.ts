import type { GroupId } from "@allium/core/event";
import type { OpenedBroker } from "../broker/opened-broker.ts";
import type { CommandError } from "../command/command-error.ts";
import { unknownName } from "../discovery/unknown-name.ts";
import { noGroups } from "./list.ts";

/** Makes the error for a group that does not exist. It suggests the nearest, and lists those of the topic. */
export async function unknownGroup(opened: OpenedBroker, { topic, group }: GroupId): Promise<CommandError> {
	const all = await opened.ask((ctx) => opened.state.groups(ctx));
	const names = all.filter((each) => each.topic === topic).map((each) => each.group);
	const sentence = `${topic} in ${opened.url} has no group ${JSON.stringify(group)}`;
	return unknownName(sentence, group, names, noGroups(opened.url, topic));
}
