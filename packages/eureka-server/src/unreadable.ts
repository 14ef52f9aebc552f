import { ServiceError } from "@allium/core";

/** The error of a body that cannot be read. The reason goes to the client. */
export function unreadable(why: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message: `the body cannot be read: ${why}` });
}
