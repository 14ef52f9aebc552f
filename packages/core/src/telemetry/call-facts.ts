import type { Attributes } from "@opentelemetry/api";
import type { Method } from "../contract/method.ts";
import type { Code } from "../errors/code.ts";

/** The side of a call that a middleware is on. */
export type CallSide = "client" | "server";

/**
 * The attributes that spans and metrics of a method share. They take few values, whatever the calls. For a client the
 * callee is the service, wherever its instances are.
 */
export function methodAttributes(method: Method, side: CallSide): Attributes {
	return {
		"rpc.system.name": "allium",
		"rpc.method": method.path,
		...(side === "client" && { "server.address": method.service }),
	};
}

/** The attributes that are added at the end of a call: the code, and whether that is an error. */
export function outcomeAttributes(code: Code | "ok", side: CallSide): Attributes {
	return { "rpc.status_code": code, ...(code !== "ok" && isFailure(code, side) && { "error.type": code }) };
}

/** Whether a code counts as an error. For a client every code does; for a server only codes that are its own fault. */
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

/** The instrumentation scope of spans and metrics. */
export const instrumentation = "@allium/core";
