import { errorText } from "@allium/core";
import type { ServerReport } from "@allium/core/event";
import { folderFinding } from "./data-folder.ts";
import { type Finding, wrong } from "./finding.ts";

/** The problems of a backend that answers: those of its server, or of its folder on this machine. */
export function backendFindings(
	report: ServerReport | undefined,
	location: string,
	variable: string,
): Finding[] {
	const warnings = report?.warnings ?? [];
	const folder = folderFinding(location, variable);
	return [
		...warnings.map(({ says, remedy }) => wrong(says, remedy)),
		...(folder?.state === "wrong" ? [folder] : []),
	];
}

/** The finding for a backend that cannot be opened, or does not answer. */
export function unreachable(error: unknown, variable: string): Finding {
	const says = errorText(error).replace(/\.$/, "");
	return wrong(says, `start it or correct its URL, or name another one with ${variable}`);
}
