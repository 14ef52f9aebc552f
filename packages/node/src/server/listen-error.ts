import { ServiceError } from "@allium/core";

/** The error of an address on which the server cannot listen, as one sentence that says what to do. */
export function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ServiceError {
	return new ServiceError({ code: "failed_precondition", message: sentence(cause, host, port), cause });
}

function sentence({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
	switch (code) {
		case "EADDRINUSE":
			return `port ${port} on ${host} is taken; stop the process that listens there, or choose another port (PORT=0 takes a free one)`;
		case "EACCES":
			return `no permission to listen on port ${port} of ${host}; choose a port above 1023, or give the process that permission`;
		case "EADDRNOTAVAIL":
		case "ENOTFOUND":
			return `this machine has no address ${host}; listen on 127.0.0.1, or on 0.0.0.0 for all of its addresses`;
		default:
			return `cannot listen on ${host}, port ${port}: ${message}`;
	}
}
