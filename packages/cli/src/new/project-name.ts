import { contract } from "@allium/core";
import { usageError } from "../command/command-error.ts";

/** Well below the 214 characters that npm allows. */
const longestName = 100;

/**
 * Checks the name of a new service, which is also the name of its folder, its package and its contract.
 *
 * @throws CommandError with one sentence that says what is wrong with the name.
 */
export function checkProjectName(name: string): void {
	if (!/^[a-z][a-z0-9]*(?:[-._][a-z0-9]+)*$/.test(name) || name.length > longestName) {
		const close = closeName(name);
		const meant = close === "" || close === name ? "" : ` Did you mean ${close}?`;
		throw usageError(
			`A service cannot be called ${JSON.stringify(name)}: a name begins with a lower-case letter, and consists of at most ${longestName} lower-case letters, digits and inner "-", "." and "_".${meant}`,
		);
	}
	try {
		contract(name, {});
	} catch (error) {
		throw usageError(`A service cannot be called ${JSON.stringify(name)}: ${(error as Error).message}.`);
	}
}

/** Returns the name of the contract in the code: `ShopOrders` for `shop-orders`. */
export function contractName(name: string): string {
	return name
		.split(/[-._]/)
		.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
		.join("");
}

/** Returns the allowed name that is most similar to a forbidden one. Empty if there is none. */
function closeName(name: string): string {
	return name
		.replace(/([a-z0-9])([A-Z])/g, "$1-$2")
		.toLowerCase()
		.replace(/[^a-z0-9._]+/g, "-")
		.replace(/[-._]{2,}/g, "-")
		.replace(/^[^a-z]+|[-._]+$/g, "")
		.slice(0, longestName);
}
