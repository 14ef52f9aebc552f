import { type ContractDescription, ServiceError } from "@allium/core";
import { isLoopback } from "@allium/node";

/** What of the registered services a gateway serves. */
export class Exposure {
	/** Undefined for all. */
	readonly #names: ReadonlySet<string> | undefined;

	/**
	 * @param names services, or `service/method`; without it, all.
	 * @throws ServiceError `failed_precondition` when others could call all, or a name is none.
	 */
	constructor(names: readonly string[] | undefined, host: string) {
		if (names === undefined && !isLoopback(host)) {
			throw refusal(
				`on ${host} others than this machine can call it; say what they may call with expose (--expose greeter --expose add/sum), or listen on 127.0.0.1`,
			);
		}
		for (const name of names ?? []) {
			if (!/^[\w.-]+(?:\/[\w-]+)?$/.test(name)) {
				throw refusal(`expose takes names of services, or service/method, and got ${JSON.stringify(name)}`);
			}
		}
		this.#names = names === undefined ? undefined : new Set(names);
	}

	/** Whether all is served, which is for this machine alone. */
	get isEverything(): boolean {
		return this.#names === undefined;
	}

	/** Whether anything of a service may be served. */
	includes(service: string): boolean {
		if (this.#names === undefined || this.#names.has(service)) return true;
		for (const name of this.#names) if (name.startsWith(`${service}/`)) return true;
		return false;
	}

	/** A description without what is not served. */
	narrow(description: ContractDescription): ContractDescription {
		const names = this.#names;
		if (names === undefined || names.has(description.name)) return description;
		const methods = Object.entries(description.methods).filter(([method]) => {
			return names.has(`${description.name}/${method}`);
		});
		const served = Object.fromEntries(methods);
		const routes = description.routes?.filter(({ method }) => Object.hasOwn(served, method));
		return { ...description, methods: served, ...(routes !== undefined && { routes }) };
	}
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", reason: "invalid_configuration", message });
}
