import type { Attributes } from "@opentelemetry/api";
import type { Method } from "../contract/method.ts";
import type { Code } from "../errors/code.ts";

/** Which end of a call a middleware is at. */
export type CallSide = "client" | "server";

/**
 * What spans and metrics of a method have in common: few values, whatever the calls. To a client the callee is
 * the service, wherever its instances are.
 */
export function methodAttributes(method: Method, side: CallSide): Attributes {
	return {
		"rpc.system.name": "allium",
		"rpc.method": method.path,
		...(side === "client" && { "server.address": method.service }),
	};
}

/** What is added at the end of a call: the code, and whether that is an error. */
export function outcomeAttributes(code: Code | "ok", side: CallSide): Attributes {
	return { "rpc.status_code": code, ...(code !== "ok" && isFailure(code, side) && { "error.type": code }) };
}

/** To a client every error is one; to a server only what it is to blame for. */
export function isFailure(code: Code, side: CallSide): boolean {
	return side === "client" || failuresOfServer.has(code);
}

const failuresOfServer: ReadonlySet<Code> = new Set<Code>([
	"unknown",
	"deadline_exceeded",
	"unimplemented",
	"internal",
	"unavailable",
	"data_loss",
]);

/** The schema that names and values follow. */
export const schemaUrl = "https://opentelemetry.io/schemas/1.45.0";

/** What spans and metrics say that they come from. */
export const instrumentation = "@allium/core";
