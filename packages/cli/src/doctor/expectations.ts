import { type AnyContract, Context, describe as descriptionOf, errorText, type Instance } from "@allium/core";
import { breakingDifferences } from "@allium/core/reflection";
import { moduleExports } from "../command/module-exports.ts";
import type { Describe } from "../discovery/described-service.ts";
import { type Finding, ok, wrong } from "./finding.ts";

/**
 * Compares the contracts that modules export, which are those that clients expect, with those that the instances serve.
 *
 * @param files the modules, as the user wrote them.
 */
export async function expectations(
	files: readonly string[],
	cwd: string,
	instances: readonly Instance[],
	describe: Describe,
): Promise<Finding[]> {
	const findings = files.map(async (file): Promise<Finding[]> => {
		const contracts = await contractsIn(file, cwd);
		if (!Array.isArray(contracts)) return [contracts];
		return Promise.all(contracts.map((contract) => expectation(contract, instances, describe)));
	});
	return (await Promise.all(findings)).flat();
}

/** The contracts that a module exports, or the finding that there are none. */
async function contractsIn(file: string, cwd: string): Promise<AnyContract[] | Finding> {
	try {
		const contracts = (await moduleExports(file, cwd)).filter(isContract);
		if (contracts.length > 0) return contracts;
		return wrong(`${file} exports no contract`, "name a module that exports what contract() returns");
	} catch (error) {
		return wrong(`${file} cannot be loaded: ${errorText(error)}`, "name a module that exports contracts");
	}
}

function isContract(value: unknown): value is AnyContract {
	return typeof value === "object" && value !== null && "~allium" in value;
}

async function expectation(
	contract: AnyContract,
	instances: readonly Instance[],
	describe: Describe,
): Promise<Finding> {
	const expected = descriptionOf(contract);
	const { name } = expected;
	const serving = instances.filter(({ services }) => services.some((served) => served.name === name));
	if (serving.length === 0) return wrong(`${name} is expected, and no instance serves it`, `start ${name}`);
	try {
		const broken = await differencesFrom(expected, serving, describe);
		if (broken.length === 0) return ok(`${name} is served as expected`);
		return wrong(
			`${name} is not served as expected: clients break at it`,
			`deploy a version of ${name} that fits the contract, or update the contract of the clients`,
			broken,
		);
	} catch (error) {
		return wrong(
			`${name} does not describe itself: ${errorText(error)}`,
			"see what the instances say: allium health",
		);
	}
}

/** The differences between instances and the expected contract. One instance of each contract is asked. */
async function differencesFrom(
	expected: ReturnType<typeof descriptionOf>,
	serving: readonly Instance[],
	describe: Describe,
): Promise<string[]> {
	const { name } = expected;
	const byHash = Map.groupBy(serving, ({ services }) => services.find((one) => one.name === name)?.hash);
	const served = await Promise.all(
		Array.from(byHash.values(), (alike) => describe(name, alike, Context.background())),
	);
	return [...new Set(served.flatMap((description) => breakingDifferences(expected, description)))];
}
