import {
	type EndpointTable,
	jsonFormat,
	type MethodCodecs,
	methodCodecs,
	ServiceError,
	type ServiceErrorInit,
} from "@allium/core";
import {
	deadlineExceeded,
	messageTooLarge,
	type SparingLog,
	serviceErrorFrom,
	unimplemented,
} from "@allium/core/transport";
import { type IncomingRequest, maxReturns } from "./request-message.ts";

/** The answer to whether a call may run here: its codecs if it may, else an error, or that another instance tries it. */
export type Verdict = MethodCodecs | ServiceError | "elsewhere";

/** The facts that decide whether a call may run. */
export interface Judgement {
	readonly endpoints: EndpointTable;
	readonly maxMessageBytes: number;
	readonly log: SparingLog;
}

/** Judges a call by its message. */
export function judge(request: IncomingRequest, { endpoints, maxMessageBytes, log }: Judgement): Verdict {
	const { path, body, remainingMs, redelivered, returns } = request;
	const method = endpoints.find(path)?.method;
	if (method === undefined) {
		return returns < maxReturns ? "elsewhere" : (endpoints.whyMissing?.(path) ?? unimplemented(path));
	}
	if (method.kind !== "unary") {
		return notExecuted({
			code: "unimplemented",
			message: `${path} has a stream, and calls over RabbitMQ are unary`,
		});
	}
	const codecs = methodCodecs(method, jsonFormat);
	if (codecs === undefined) {
		return notExecuted({ code: "unimplemented", message: `the messages of ${path} have no form in JSON` });
	}
	if (redelivered) {
		// A copy counts how often this happens, which the message itself does not.
		return method.effect === "write" || returns >= maxReturns ? mayHaveRun(path) : "elsewhere";
	}
	if (body.length > maxMessageBytes) return notExecuted(messageTooLarge(maxMessageBytes));
	if (remainingMs > 0) return codecs;
	log.warn("a call came after its deadline, though its message had not expired: do the clocks agree?", {
		method: path,
		lateMs: Math.round(-remainingMs),
	});
	return notExecuted(deadlineExceeded());
}

/** The error of a call that was not run. */
export function notExecuted(init: ServiceErrorInit): ServiceError {
	return serviceErrorFrom(init, { notExecuted: true });
}

/** The error of a call for which there is no room. */
export function tooManyCalls(): ServiceError {
	return notExecuted({
		code: "resource_exhausted",
		message: "too many calls are under way; try again later",
		retryAfterMs: 1_000,
	});
}

function mayHaveRun(path: string): ServiceError {
	return new ServiceError({
		code: "aborted",
		reason: "may_have_run",
		message: `the instance that had the call of ${path} is gone, and may have run it`,
	});
}
