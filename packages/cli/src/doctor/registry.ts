import { errorText, type Instance, isServiceError } from "@allium/core";
import type { Directory } from "../discovery/directory.ts";
import { type Examined, type Finding, ok, wrong } from "./finding.ts";

/** A registry that could be opened. */
export interface OpenedRegistry {
	readonly directory: Directory;
	/** The instances that it lists. Undefined if it does not answer. */
	readonly instances: readonly Instance[] | undefined;
}

/** Examines whether the registry answers. */
export async function examineRegistry(open: () => Promise<Directory>): Promise<Examined<OpenedRegistry>> {
	const start = performance.now();
	let directory: Directory | undefined;
	try {
		directory = await open();
		const instances = await directory.instances();
		const tookMs = Math.round(performance.now() - start);
		const count = instances.length === 1 ? "1 instance" : `${instances.length} instances`;
		const says = `${directory.url} answered within ${tookMs} ms: ${count} in the namespace ${directory.namespace}`;
		return { findings: [ok(says)], value: { directory, instances } };
	} catch (error) {
		const findings = [unreachable(error)];
		return { findings, value: directory && { directory, instances: undefined } };
	}
}

function unreachable(error: unknown): Finding {
	const says = isServiceError(error) ? error.message : errorText(error);
	return wrong(says, "start the registry, or name another one with --registry or ALLIUM_REGISTRY");
}
