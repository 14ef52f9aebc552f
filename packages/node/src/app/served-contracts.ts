import {
	type AnyContract,
	Context,
	type ContractDescription,
	describe,
	type Endpoints,
	type Instance,
	type Registry,
} from "@allium/core";
import type { PeerPool } from "@allium/core/transport";
import type { ContractCheck } from "./contract-check.ts";
import type { Part } from "./part.ts";

/** How a process compares its contracts, and with which others. */
export interface ServedContractsOptions {
	readonly endpoints: Endpoints;
	readonly registry: Registry;
	readonly namespace: string;
	readonly peers: PeerPool;
	readonly check: ContractCheck;
}

/**
 * The contracts that a process serves. Once the process is up, it compares them with contracts that others serve under
 * the same names.
 */
export class ServedContracts implements Part {
	readonly name: string = "the comparison of contracts";
	readonly #options: ServedContractsOptions;
	/** Kept for both the registration and the comparison: to describe a schema takes a while. */
	readonly #descriptions = new Map<AnyContract, ContractDescription>();
	/** Ends the requests to others. */
	readonly #life = Context.background().withCancel();

	constructor(options: ServedContractsOptions) {
		this.#options = options;
	}

	/** Each of them as a registry knows it. */
	get records(): Instance["services"] {
		return this.#options.endpoints.contracts.map((contract) => {
			const { name, version, hash } = this.#describe(contract);
			return { name, version, hash };
		});
	}

	/** Begins to compare. The process runs regardless of the result. */
	start(): void {
		this.#compare().catch(() => {});
	}

	drain(): void {
		this.#life.cancel();
	}

	async #compare(): Promise<void> {
		const { endpoints, registry, namespace, peers, check } = this.#options;
		const { ctx } = this.#life;
		const own = new Map(endpoints.contracts.map((contract) => [contract["~allium"].name, contract]));
		if (own.size === 0) return;
		const compared = new Set(this.records.map(({ hash }) => hash));
		for (const instance of await registry.list({ namespace }, ctx)) {
			for (const { name, hash } of instance.services) {
				const contract = own.get(name);
				if (contract === undefined || hash === "" || compared.has(hash)) continue;
				compared.add(hash);
				// An instance that does not answer tells nothing.
				const other = await peers.describe(instance, name, ctx).catch(() => undefined);
				if (other !== undefined) check.served(this.#describe(contract), other);
			}
		}
	}

	#describe(contract: AnyContract): ContractDescription {
		const known = this.#descriptions.get(contract);
		if (known !== undefined) return known;
		const { endpoints } = this.#options;
		const { name } = contract["~allium"];
		const description = describe(contract, endpoints.routes.of(name), endpoints.securityOf(name));
		this.#descriptions.set(contract, description);
		return description;
	}
}
