import type { OpenedBroker } from "../broker/opened-broker.ts";
import type { GroupFacts } from "../groups/group-facts.ts";
import { allGroups } from "../groups/list.ts";
import { formatAge } from "../text/duration.ts";
import { type Examined, type Finding, ok, skipped, wrong } from "./finding.ts";

/** A group lags if the oldest event that it has not handled is older than this, in seconds. */
const longestLag = 60;

/** Examines the groups: whether they make progress, and whether events are parked. */
export async function examineGroups(opened: OpenedBroker): Promise<Examined> {
	if (opened.broker.state === undefined) {
		return { findings: [skipped("this broker keeps no state of groups; see allium health")] };
	}
	const groups = await allGroups(opened, undefined);
	const findings = groups.flatMap(findingsOf);
	if (findings.length > 0) return { findings };
	return { findings: [ok(groups.length === 0 ? "there are none" : `${groups.length} get on`)] };
}

function findingsOf({ topic, group, trouble, parked = 0, lag = 0, lagSeconds = 0 }: GroupFacts): Finding[] {
	const name = `${group} of ${topic}`;
	const findings = trouble.map((sentence) => {
		const [says = sentence, ...remedies] = sentence.split("; ");
		return wrong(`${name}: ${says}`, remedies.join("; ") || `allium groups show ${topic} ${group}`);
	});
	if (parked > 0) {
		const events = parked === 1 ? "1 event is" : `${parked} events are`;
		const list = `see why with allium parked list ${topic} ${group}`;
		findings.push(wrong(`${name}: ${events} parked`, `${list}, then replay or discard them`));
	}
	if (trouble.length === 0 && lagSeconds > longestLag) {
		const age = formatAge(lagSeconds * 1_000);
		findings.push(
			wrong(
				`${name}: it is ${lag} events behind, the oldest of them ${age} old`,
				"start more of its processes, or raise the concurrency of its subscription",
			),
		);
	}
	return findings;
}
