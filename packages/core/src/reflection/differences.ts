import type { ContractDescription, MethodDescription } from "../contract/describe.ts";
import { compareVersions } from "../contract/version.ts";
import { eventDifferences } from "./event-differences.ts";
import { misfits } from "./misfits.ts";

/**
 * Lists the differences between two contracts of the same name that break callers and subscribers of the first, each in
 * a few words. These are: methods that are missing or of another kind, requests that accept less, responses that may
 * hold more; events that are missing, have another key, or other data under the same version, and versions that are
 * lower or can no longer be read. The list is empty if the second contract is compatible. Anything that schemas do not
 * describe counts as compatible.
 */
export function breakingDifferences(before: ContractDescription, after: ContractDescription): string[] {
	const { callers, subscribers } = broken(before, after);
	return [...callers, ...subscribers];
}

/** The differences by whom they break. */
function broken(before: ContractDescription, after: ContractDescription) {
	return {
		callers: differing(before.methods, after.methods, methodDifferences),
		subscribers: differing(before.events, after.events, eventDifferences),
	};
}

/** Compares the members of one name. */
function differing<T>(
	before: Readonly<Record<string, T>> = {},
	after: Readonly<Record<string, T>> = {},
	compare: (name: string, before: T, after: T) => string[],
): string[] {
	return Object.entries(before).flatMap(([name, one]) => {
		const other = Object.hasOwn(after, name) ? after[name] : undefined;
		return other === undefined ? [`${name} is missing`] : compare(name, one, other);
	});
}

/** Two contracts of one name that are served at the same time. */
export interface ContractsSideBySide {
	readonly older: ContractDescription;
	readonly newer: ContractDescription;
	/** The differences that break callers and subscribers of the older contract at the newer one; see {@link breakingDifferences}. */
	readonly breaking: readonly string[];
	/** Whom they break, for people: `callers`, `subscribers`, or `callers and subscribers`. Empty without any. */
	readonly breaks: string;
	/** The methods and events that only the newer contract has. */
	readonly added: readonly string[];
}

/**
 * Compares two contracts of one name. The older contract is the one with the older version. Of equal versions, it is
 * the one whose callers the other breaks less.
 */
export function sideBySide(one: ContractDescription, other: ContractDescription): ContractsSideBySide {
	const order = compareVersions(one.version, other.version);
	if (order < 0) return ordered(one, other);
	if (order > 0) return ordered(other, one);
	const [forwards, backwards] = [ordered(one, other), ordered(other, one)];
	return forwards.breaking.length <= backwards.breaking.length ? forwards : backwards;
}

function ordered(older: ContractDescription, newer: ContractDescription): ContractsSideBySide {
	const known = membersOf(older);
	const added = Object.keys(membersOf(newer)).filter((name) => !Object.hasOwn(known, name));
	const { callers, subscribers } = broken(older, newer);
	const breaks = [callers.length > 0 && "callers", subscribers.length > 0 && "subscribers"].filter(Boolean);
	return { older, newer, breaking: [...callers, ...subscribers], breaks: breaks.join(" and "), added };
}

function membersOf({ methods, events }: ContractDescription): object {
	return { ...methods, ...events };
}

function methodDifferences(name: string, before: MethodDescription, after: MethodDescription): string[] {
	if (before.kind !== after.kind) return [`${name} is ${after.kind} instead of ${before.kind}`];
	const [called, now] = [before.wireName ?? name, after.wireName ?? name];
	if (called !== now) return [`${name} is called ${now} on the wire instead of ${called}`];
	return [
		...misfits(before.input, after.input).map((why) => `the request of ${name} takes less: ${why}`),
		...misfits(after.output, before.output).map((why) => `the response of ${name} may hold more: ${why}`),
	];
}
