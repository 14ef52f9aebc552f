import type { AnyEvent } from "@allium/core";
import type { AnyCode } from "./executed.ts";
import { checkedTopic } from "./journal-contract.ts";
import type { AnyOptions, CodeOfVersion, WorkflowFacts } from "./workflow-facts.ts";

/** @throws TypeError for a name, a version or an event that cannot be used. */
export function checkedWorkflow(
	name: string,
	start: AnyEvent,
	code: AnyCode,
	{ receives = [], version = 1, versions = {} }: AnyOptions,
): WorkflowFacts {
	checkedTopic(name);
	const where = `the workflow "${name}"`;
	checkEvent(where, "begins with", start);
	for (const event of receives) {
		checkEvent(where, "receives", event);
		if (event.key === undefined) {
			throw new TypeError(
				`${where} receives ${event.type}, which has no key, so that no run could be told from another`,
			);
		}
	}
	if (typeof code !== "function")
		throw new TypeError(`${where} has no code: its third argument is a function`);
	checkVersions(where, version, versions);
	const codeOf = (wanted: number): CodeOfVersion => {
		if (wanted === version) return { code, isStrict: true };
		const old = Object.hasOwn(versions, wanted) ? versions[wanted] : undefined;
		return old === undefined ? { code, isStrict: false } : { code: old, isStrict: true };
	};
	return {
		name,
		version,
		start,
		receives: new Map(receives.map((event) => [event.type, event])),
		codeOf,
	};
}

function checkEvent(where: string, what: string, event: unknown): void {
	if (typeof event === "function" && (event as Partial<AnyEvent>).kind === "event") return;
	throw new TypeError(
		`${where} ${what} something that is no event of a contract, such as Transfers.requested`,
	);
}

function checkVersions(where: string, version: number, versions: object): void {
	if (!Number.isSafeInteger(version) || version < 1) {
		throw new TypeError(`${where} has the version ${String(version)}; versions are 1, 2, 3 and so on`);
	}
	for (const [earlier, code] of Object.entries(versions)) {
		if (!(Number(earlier) < version)) {
			throw new TypeError(
				`${where} has code of version ${earlier} beside that of ${version}; "versions" has the earlier ones`,
			);
		}
		if (typeof code !== "function")
			throw new TypeError(`${where} has no function as its code of version ${earlier}`);
	}
}
