import { ServiceError, type ServiceErrorInit } from "./service-error.ts";

const brand = Symbol.for("allium.BackendError");

/**
 * Makes an error of a server, a file or a library behind an adapter: a database, a broker, a registry. A handler that
 * lets it pass does not show its message to the caller, because the message names addresses and files. The log has it.
 */
export function backendError(init: ServiceErrorInit): ServiceError {
	return Object.defineProperty(new ServiceError(init), brand, { value: true });
}

/** Whether an error was made by {@link backendError}, from any copy of the package. */
export function isBackendError(error: ServiceError): boolean {
	return brand in error;
}
