import { contract } from "@allium/core";
import { usageError } from "../command/command-error.ts";

/** What npm takes as the name of a package. */
const longestName = 100;

/**
 * Checks the name of a new service, which is that of its folder, its package and its contract, too.
 *
 * @throws CommandError with one sentence that says what is wrong with it.
 */
export function checkProjectName(name: string): void {
	if (!/^[a-z][a-z0-9]*(?:[-._][a-z0-9]+)*$/.test(name) || name.length > longestName) {
		const close = closeName(name);
		const meant = close === "" || close === name ? "" : ` Did you mean ${close}?`;
		throw usageError(
			`A service cannot be called ${JSON.stringify(name)}: a name begins with a lower-case letter, and has lower-case letters, digits and inner "-", "." and "_", at most ${longestName}.${meant}`,
		);
	}
	try {
		contract(name, {});
	} catch (error) {
		throw usageError(`A service cannot be called ${JSON.stringify(name)}: ${(error as Error).message}.`);
	}
}

/** The name of the contract in the code: `shop-orders` is `ShopOrders`. */
export function contractName(name: string): string {
	return name
		.split(/[-._]/)
		.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
		.join("");
}

/** The allowed name that is most like one that is not; empty when there is none. */
function closeName(name: string): string {
	return name
		.replace(/([a-z0-9])([A-Z])/g, "$1-$2")
		.toLowerCase()
		.replace(/[^a-z0-9._]+/g, "-")
		.replace(/[-._]{2,}/g, "-")
		.replace(/^[^a-z]+|[-._]+$/g, "")
		.slice(0, longestName);
}
