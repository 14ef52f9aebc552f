import type { EventDescription } from "../contract/describe.ts";
import { misfits } from "./misfits.ts";

/**
 * Lists the differences that break handlers of an event, or readers of earlier events in a log, when the event changes.
 */
export function eventDifferences(name: string, before: EventDescription, after: EventDescription): string[] {
	return [...keyDifferences(name, before, after), ...versionDifferences(name, before, after)];
}

function keyDifferences(name: string, before: EventDescription, after: EventDescription): string[] {
	if (before.key === undefined || before.key === after.key) return [];
	return [`the key of ${name} is ${after.key ?? "missing"} instead of ${before.key}`];
}

function versionDifferences(name: string, before: EventDescription, after: EventDescription): string[] {
	if (after.version < before.version) {
		return [`${name} has the version ${after.version} instead of ${before.version}`];
	}
	const oldest = oldestOf(after);
	if (oldest > oldestOf(before)) {
		return [
			`${name} of the versions before ${oldest} cannot be read any more: upcasts from them are missing`,
		];
	}
	if (after.version > before.version) return [];
	// Events of one version are not parsed when they are read, so each contract has to take the events of the other.
	const whys = new Set([...misfits(before.data, after.data), ...misfits(after.data, before.data)]);
	return [...whys].map((why) => `${name} has other data under the same version: ${why}`);
}

function oldestOf({ version, oldestVersion = version }: EventDescription): number {
	return oldestVersion;
}
