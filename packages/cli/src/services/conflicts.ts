import { Context, type ContractDescription, type Instance } from "@allium/core";
import { sideBySide } from "@allium/core/reflection";
import type { Surroundings, Words } from "../command/command.ts";
import { describers } from "../discovery/described-service.ts";

/** The most differences to show for a service. */
const most = 5;

/**
 * Lists the breaking differences where instances serve different contracts under one name, a few lines for each
 * service. It does not ask services whose instances all have the same contract.
 */
export async function conflicts(
	instances: readonly Instance[],
	words: Words,
	surroundings: Surroundings,
): Promise<string[]> {
	const describe = describers(words, surroundings);
	const lines: string[] = [];
	for (const [name, byHash] of differing(instances)) {
		const described = await Promise.all(
			// An instance that does not answer is omitted.
			byHash.map((alike) => describe(name, alike, Context.background()).catch(() => undefined)),
		);
		lines.push(...linesOf(name, described));
	}
	return lines;
}

/** The services with several hashes, and the instances of each. */
function differing(instances: readonly Instance[]): [name: string, byHash: Instance[][]][] {
	const byName = new Map<string, Map<string, Instance[]>>();
	for (const instance of instances) {
		for (const { name, hash } of instance.services) {
			if (hash === "") continue;
			const byHash = byName.get(name) ?? new Map<string, Instance[]>();
			byName.set(name, byHash);
			byHash.set(hash, [...(byHash.get(hash) ?? []), instance]);
		}
	}
	return [...byName].flatMap(([name, byHash]) => (byHash.size < 2 ? [] : [[name, [...byHash.values()]]]));
}

function linesOf(name: string, described: readonly (ContractDescription | undefined)[]): string[] {
	const [first, ...others] = described.filter((one) => one !== undefined);
	if (first === undefined) return [];
	return others.flatMap((other) => {
		const { older, newer, breaking, added } = sideBySide(first, other);
		if (breaking.length === 0) return [];
		const more = breaking.length > most ? [`  and ${breaking.length - most} more`] : [];
		return [
			`${name} ${older.version} and ${name} ${newer.version} are served under one name, and callers of the older break at the newer:`,
			...breaking.slice(0, most).map((difference) => `  ${difference}`),
			...more,
			...(added.length > 0 ? [`  only the newer has ${added.join(", ")}`] : []),
			`Serve the newer under a name of its own, such as ${name}.v2, or stop one of them.`,
		];
	});
}
