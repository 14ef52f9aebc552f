import { type Examined, ok, wrong } from "./finding.ts";

/** The oldest version that runs Allium. */
const oldest = 24;

/** Examines the version of Node. */
export function examineNode(version: string): Examined {
	const major = Number.parseInt(version, 10);
	if (major < oldest) {
		return { findings: [wrong(`Node ${version} is too old`, `install Node ${oldest} or newer`)] };
	}
	return { findings: [ok(`Node ${version}`)] };
}
