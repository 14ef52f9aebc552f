import { type ContractDescription, ServiceError } from "@allium/core";
import { isLoopback } from "@allium/node";

/** Decides which methods of the registered services a gateway serves. */
export class Exposure {
	/** Undefined when everything is served. */
	readonly #names: ReadonlySet<string> | undefined;

	/**
	 * @param names services, or `service/method`. Without it, all services are served.
	 * @throws ServiceError `failed_precondition` when a name is malformed, or when names are missing and other machines
	 * can reach the host.
	 */
	constructor(names: readonly string[] | undefined, host: string) {
		if (names === undefined && !isLoopback(host)) {
			throw refusal(
				`other machines can reach the gateway on ${host}; say what they may call with expose (--expose greeter --expose add/sum), or listen on 127.0.0.1`,
			);
		}
		for (const name of names ?? []) {
			if (!/^[\w.-]+(?:\/[\w-]+)?$/.test(name)) {
				throw refusal(`expose takes names of services, or service/method, and got ${JSON.stringify(name)}`);
			}
		}
		this.#names = names === undefined ? undefined : new Set(names);
	}

	/** Whether everything is served, which is allowed for callers on this machine alone. */
	get isEverything(): boolean {
		return this.#names === undefined;
	}

	/** Whether anything of a service may be served. */
	includes(service: string): boolean {
		if (this.#names === undefined || this.#names.has(service)) return true;
		for (const name of this.#names) if (name.startsWith(`${service}/`)) return true;
		return false;
	}

	/** A description without the methods, routes and events that are not served. */
	narrow(description: ContractDescription): ContractDescription {
		const names = this.#names;
		if (names === undefined || names.has(description.name)) return description;
		const isExposed = ([member]: [string, unknown]): boolean => names.has(`${description.name}/${member}`);
		const methods = Object.fromEntries(Object.entries(description.methods).filter(isExposed));
		const routes = description.routes?.filter(({ method }) => Object.hasOwn(methods, method));
		const { events: all = {}, ...rest } = description;
		const events = Object.entries(all).filter(isExposed);
		return {
			...rest,
			methods,
			...(events.length > 0 && { events: Object.fromEntries(events) }),
			...(routes !== undefined && { routes }),
		};
	}
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", reason: "invalid_configuration", message });
}
