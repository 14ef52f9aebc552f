import type { AnyContract } from "../contract/contract.ts";
import { type ContractDescription, describe } from "../contract/describe.ts";
import { Reflection } from "../contract/reflection.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { EndpointTable, ServedMethod } from "../service/endpoint-table.ts";

/** The methods that report what a process serves. A description is made when it is first requested. */
export function reflected(table: EndpointTable): readonly ServedMethod[] {
	const descriptions = new WeakMap<AnyContract, ContractDescription>();
	const describeOne = async (input: unknown): Promise<ContractDescription> => {
		const name =
			typeof input === "object" && input !== null && "service" in input ? input.service : undefined;
		const contract = table.contracts.find((served) => served["~allium"].name === name);
		if (contract === undefined) throw notServed(name);
		let description = descriptions.get(contract);
		if (description === undefined) {
			const { name: service } = contract["~allium"];
			description = describe(contract, table.routes?.of(service), table.securityOf?.(service));
			descriptions.set(contract, description);
		}
		return description;
	};
	const identify = async (input: unknown): Promise<unknown> => {
		const { name, version, hash } = await describeOne(input);
		return { name, version, hash };
	};
	return [
		{ method: Reflection.describe, endpoint: describeOne },
		{ method: Reflection.identify, endpoint: identify },
	];
}

function notServed(name: unknown): ServiceError {
	const message = `no service ${JSON.stringify(name)} here`;
	return new ServiceError({ code: "not_found", reason: "no_such_service", message });
}
