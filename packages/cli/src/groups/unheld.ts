import { Context, isServiceError } from "@allium/core";
import type { GroupId, MemberReport } from "@allium/core/event";
import { sleep } from "@allium/core/transport";
import type { OpenedBroker } from "../broker/opened-broker.ts";
import { CommandError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { isSilent, silentAfterMs } from "./group-facts.ts";

/** How often members are looked at, in milliseconds. */
const lookMs = 1_000;

/**
 * Changes a group that no process works on. First removes members that have ended without leaving: those that are not
 * renewed for 15 seconds.
 *
 * @param say takes a sentence about the wait.
 * @throws CommandError while a process works on the group.
 */
export async function unheld(
	opened: OpenedBroker,
	id: GroupId,
	change: (ctx: Context) => Promise<void>,
	say: (sentence: string) => void,
): Promise<void> {
	try {
		await opened.ask(change);
	} catch (error) {
		if (!isServiceError(error) || error.code !== "failed_precondition") throw error;
		await removeSilent(opened, id, say);
		await opened.ask(change);
	}
}

/** @throws CommandError when a member is alive. */
async function removeSilent(
	opened: OpenedBroker,
	id: GroupId,
	say: (sentence: string) => void,
): Promise<void> {
	const membersNow = (): Promise<readonly MemberReport[]> =>
		opened.ask((ctx) => opened.state.group(id).members(ctx));
	const first = await membersNow();
	const end = performance.now() + silentAfterMs;
	for (let members = first; !members.every(isSilent); members = await membersNow()) {
		if (performance.now() >= end) break;
		const alive = members.filter((member) => isRenewed(member, first));
		if (alive.length > 0) throw held(id, alive.length);
		say("Waiting whether the processes of the group are alive …");
		await sleep(lookMs, Context.background());
	}
	for (const member of await membersNow()) {
		if (isRenewed(member, first)) throw held(id, 1);
		await opened.ask((ctx) => opened.state.resign(member.id, ctx));
	}
}

/** Whether a member has been renewed, or has joined, since. */
function isRenewed({ id, renewal }: MemberReport, before: readonly MemberReport[]): boolean {
	return before.find((member) => member.id === id)?.renewal !== renewal;
}

function held({ topic, group }: GroupId, members: number): CommandError {
	const processes = members === 1 ? "A process works" : `${members} processes work`;
	return new CommandError(`${processes} on the group ${group} of ${topic}.`, exitCode.failed, {
		code: "failed_precondition",
		hints: [`Stop what subscribes as ${group}, and try again: no event may be in hand meanwhile.`],
	});
}
