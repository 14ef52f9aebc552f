import { type AnyContract, type ContractDescription, describe, type Logger } from "@allium/core";
import { breakingDifferences, sideBySide } from "@allium/core/reflection";

/** The most differences that one line of the log lists. */
const most = 10;

/** Warns when contracts of one name differ in ways that break callers, once for each pair of contracts. */
export class ContractCheck {
	readonly #logger: Logger;
	readonly #told = new Set<string>();

	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/** Compares the contract that a client expects with the descriptions that its instances give. */
	forClient(contract: AnyContract): (description: ContractDescription) => void {
		let own: ContractDescription | undefined;
		return (description) => {
			own ??= describe(contract);
			if (own.hash === description.hash) return;
			this.#tell("a client's contract differs from that of the instances that it calls", own.hash, {
				service: own.name,
				expected: own.version,
				served: description.version,
				differences: breakingDifferences(own, description),
				other: description.hash,
			});
		};
	}

	/** Compares a service of this process with one that is served under its name elsewhere. */
	served(own: ContractDescription, other: ContractDescription): void {
		const { older, newer, breaking, added } = sideBySide(own, other);
		this.#tell("two contracts are served under one name, and callers of one break at the other", own.hash, {
			service: own.name,
			older: older.version,
			newer: newer.version,
			differences: breaking,
			added,
			other: other.hash,
		});
	}

	#tell(
		message: string,
		hash: string,
		{
			other,
			differences,
			...fields
		}: { other: string; differences: readonly string[]; [fact: string]: unknown },
	): void {
		const key = `${message} ${fields.service} ${hash} ${other}`;
		if (differences.length === 0 || this.#told.has(key)) return;
		this.#told.add(key);
		this.#logger.log("warn", message, { ...fields, differences: differences.slice(0, most) });
	}
}
