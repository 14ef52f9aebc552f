import { ServiceError } from "../errors/service-error.ts";

/** The error of a transport that only dials. */
export function cannotListen(name: string): ServiceError {
	return new ServiceError({
		code: "unimplemented",
		message: `nothing can be served with ${name}; listen with the transports of @allium/node`,
	});
}
