import { Context, type Instance } from "@allium/core";
import { type ContractsSideBySide, sideBySide } from "@allium/core/reflection";
import type { Describe } from "../discovery/described-service.ts";

/**
 * Compares the contracts of each service whose instances have several, whether they break callers or not. It does not
 * ask services whose instances all have the same contract.
 */
export async function compareContracts(
	instances: readonly Instance[],
	describe: Describe,
): Promise<ContractsSideBySide[]> {
	const found: ContractsSideBySide[] = [];
	for (const [service, byHash] of differing(instances)) {
		const described = await Promise.all(
			// An instance that does not answer is omitted.
			byHash.map((alike) => describe(service, alike, Context.background()).catch(() => undefined)),
		);
		const [first, ...others] = described.filter((one) => one !== undefined);
		if (first !== undefined) found.push(...others.map((other) => sideBySide(first, other)));
	}
	return found;
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
