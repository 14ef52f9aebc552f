import type { RegistryLab } from "./registry-lab.ts";
import type { RegistryAbility } from "./registry-setup.ts";

/** What must hold for registries, and how it is tried. Cases are data, so that a test can run one on a broken registry. */
export interface RegistryCase {
	/** One sentence. */
	readonly title: string;
	/** What the backend must be able to do. Default: nothing beyond a registry. */
	readonly needs?: readonly RegistryAbility[];
	/** How long it may take, in milliseconds. Default: as Vitest has it. */
	readonly timeoutMs?: number;
	/**
	 * Rejects where it does not hold.
	 *
	 * @param skip ends the case where only an open registry tells that it does not apply.
	 */
	run(lab: RegistryLab, skip: (reason: string) => never): Promise<void>;
}
