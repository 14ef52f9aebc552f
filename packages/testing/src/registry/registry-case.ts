import type { RegistryLab } from "./registry-lab.ts";
import type { RegistryAbility } from "./registry-setup.ts";

/** A conformance test of the port `Registry`. Cases are data, so that a test can run one on a broken registry. */
export interface RegistryCase {
	/** One sentence. */
	readonly title: string;
	/** The abilities that the backend must have. Default: nothing beyond a registry. */
	readonly needs?: readonly RegistryAbility[];
	/** The time limit, in milliseconds. Default: that of Vitest. */
	readonly timeoutMs?: number;
	/**
	 * Runs the test. Rejects if the rule does not hold.
	 *
	 * @param skip Ends the case if only an open registry tells that the case does not apply.
	 */
	run(lab: RegistryLab, skip: (reason: string) => never): Promise<void>;
}
