import type { Instance } from "@allium/core";
import type { ContractsSideBySide } from "@allium/core/reflection";
import type { Surroundings, Words } from "../command/command.ts";
import { describers } from "../discovery/described-service.ts";
import { compareContracts } from "../services/compare-contracts.ts";
import { expectations } from "./expectations.ts";
import { type Examined, type Finding, ok, wrong } from "./finding.ts";

/** The most differences to show. */
const most = 5;

/**
 * Examines whether the instances of each service serve the same contract, and whether it is the one that clients
 * expect.
 */
export async function examineContracts(
	instances: readonly Instance[],
	words: Words,
	surroundings: Surroundings,
): Promise<Examined> {
	const describe = describers(words, surroundings);
	const drift = (await compareContracts(instances, describe)).map(driftOf);
	const files = words.values("expect");
	const expected = await expectations(files, surroundings.cwd, instances, describe);
	const findings = [...drift, ...expected];
	if (findings.length > 0) return { findings };
	const services = new Set(instances.flatMap(({ services }) => services.map(({ name }) => name)));
	const count = services.size === 1 ? "the one service has" : `each of the ${services.size} services has`;
	return { findings: [ok(services.size === 0 ? "no service is up" : `${count} one contract`)] };
}

function driftOf({ older, newer, breaking, breaks, added }: ContractsSideBySide): Finding {
	const { name } = older;
	const versions =
		older.version === newer.version
			? `in two contracts of the version ${older.version}`
			: `in the versions ${older.version} and ${newer.version}`;
	if (breaking.length === 0) {
		const only = added.length === 0 ? "" : `, of which only the newer has ${added.join(", ")}`;
		return ok(`${name} is served ${versions}, which breaks no caller${only}`);
	}
	return wrong(
		`${name} is served ${versions}, and ${breaks} of the older break at the newer`,
		`serve the newer under a name of its own, such as ${name}.v2, or stop one of them`,
		shortened(breaking),
	);
}

/** The first few of the differences. */
export function shortened(differences: readonly string[]): string[] {
	const more = differences.length - most;
	return [...differences.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])];
}
