import type { GroupId } from "@allium/core/event";
import type { OpenedBroker } from "../broker/opened-broker.ts";
import type { CommandError } from "../command/command-error.ts";
import { unknownName } from "../discovery/unknown-name.ts";
import { groupIds, noGroups } from "./list.ts";

/**
 * Makes the error for a group that does not exist. It suggests the nearest, and lists those of the topic.
 *
 * @throws CommandError if the topic does not exist either.
 */
export async function unknownGroup(opened: OpenedBroker, { topic, group }: GroupId): Promise<CommandError> {
	const names = (await groupIds(opened, topic)).map((each) => each.group);
	const sentence = `${topic} in ${opened.url} has no group ${JSON.stringify(group)}`;
	return unknownName(sentence, group, names, noGroups(opened.url, topic));
}
