import type { Code } from "../errors/code.ts";
import {
	isServiceError,
	type ServiceError,
	type ServiceErrorInit,
	serviceErrorFrom,
} from "../errors/service-error.ts";
import type { Schema, SchemaInput } from "./schema.ts";

/** An error as a method declares it. */
export interface ErrorSpec {
	readonly code: Code;
	/** The default message. */
	readonly message?: string;
	/** The schema of the error's data, for types and descriptions; the data is never parsed. Default: no data. */
	readonly data?: Schema;
}

/** The errors of a method, by reason. */
export type ErrorSpecs = Readonly<Record<string, ErrorSpec>>;

/** Options of a declared error that is made. Its code, reason and data come from the declaration. */
export type DeclaredErrorOptions = Omit<ServiceErrorInit, "code" | "reason" | "data">;

/** The data of a declared error. The catcher of the error finds the data that the thrower gave. */
export type ErrorData<E extends ErrorSpec> = E extends { readonly data: infer S extends Schema }
	? SchemaInput<S>
	: undefined;

/**
 * Makes a declared error, and recognises it: `throw Add.sum.error.two_zeroes()`,
 * `isError(caught, Add.sum.error.two_zeroes)`.
 */
export interface DeclaredError<E extends ErrorSpec = ErrorSpec> {
	(
		...args: E extends { readonly data: infer S extends Schema }
			? [data: SchemaInput<S>, options?: DeclaredErrorOptions]
			: [options?: DeclaredErrorOptions]
	): ServiceError<ErrorData<E>>;
	readonly code: E["code"];
	readonly reason: string;
	/** Carries the type. It does not exist at run time. */
	readonly "~spec"?: E;
}

/** Makes the constructor of one declared error. */
export function declaredError<E extends ErrorSpec>(
	service: string,
	reason: string,
	spec: E,
): DeclaredError<E> {
	const make = (...args: unknown[]): ServiceError => {
		const data = spec.data === undefined ? undefined : args[0];
		const options = (spec.data === undefined ? args[0] : args[1]) as DeclaredErrorOptions | undefined;
		const message = options?.message ?? spec.message;
		return serviceErrorFrom({ ...options, message, code: spec.code, reason, data }, { domain: service });
	};
	return Object.freeze(Object.assign(make, { code: spec.code, reason })) as DeclaredError<E>;
}

/** Whether an error is one of those that a method declares. */
export function isDeclared(method: { readonly errors: ErrorSpecs }, { reason, code }: ServiceError): boolean {
	return reason !== undefined && method.errors[reason]?.code === code;
}

/** Whether a caught value is the declared error, thrown here or received over the wire. It narrows the data. */
export function isError<E extends ErrorSpec>(
	error: unknown,
	declared: DeclaredError<E>,
): error is ServiceError<ErrorData<E>> {
	return isServiceError(error) && error.reason === declared.reason && error.code === declared.code;
}
