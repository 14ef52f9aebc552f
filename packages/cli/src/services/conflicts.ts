import type { Instance } from "@allium/core";
import type { Surroundings, Words } from "../command/command.ts";
import { describers } from "../discovery/described-service.ts";
import { compareContracts } from "./compare-contracts.ts";

/** The most differences to show for a service. */
const most = 5;

/**
 * Lists the breaking differences where instances serve different contracts under one name, a few lines for each
 * service.
 */
export async function conflicts(
	instances: readonly Instance[],
	words: Words,
	surroundings: Surroundings,
): Promise<string[]> {
	const compared = await compareContracts(instances, describers(words, surroundings));
	return compared.flatMap(({ older, newer, breaking, breaks, added }) => {
		if (breaking.length === 0) return [];
		const { name } = older;
		const more = breaking.length > most ? [`  and ${breaking.length - most} more`] : [];
		return [
			`${name} ${older.version} and ${name} ${newer.version} are served under one name, and ${breaks} of the older break at the newer:`,
			...breaking.slice(0, most).map((difference) => `  ${difference}`),
			...more,
			...(added.length > 0 ? [`  only the newer has ${added.join(", ")}`] : []),
			`Serve the newer under a name of its own, such as ${name}.v2, or stop one of them.`,
		];
	});
}
