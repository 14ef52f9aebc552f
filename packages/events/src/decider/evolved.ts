import { type AnyEvent, ServiceError } from "@allium/core";
import { readEvent } from "@allium/core/event";
import type { StreamEvent } from "@allium/core/store";
import { kindOf } from "@allium/core/transport";
import type { AnyDecider } from "./decider.ts";
import { deciderMistake } from "./decider-mistake.ts";

/**
 * The state after an event of the contract.
 *
 * @param data as the schema of the event yields them.
 * @throws Mistake when `evolve` throws, or returns no state.
 */
export function evolved(decider: AnyDecider, state: unknown, event: string, data: unknown): unknown {
	const { name } = decider;
	const { evolve } = decider["~allium"];
	let next: unknown;
	try {
		next = evolve[event]?.(state, data);
	} catch (error) {
		throw deciderMistake(
			`the decider ${name}: evolve.${event} threw; it takes every event that happened`,
			error,
		);
	}
	if (next !== undefined && !(next instanceof Promise)) return next;
	throw deciderMistake(
		`the decider ${name}: evolve.${event} returned ${next === undefined ? kindOf(next) : "a promise"}; it returns the next state`,
	);
}

/**
 * The state after an event that lies in a stream. An event that the present version of the contract wrote is not parsed
 * again.
 *
 * Rejects with `failed_precondition`, reason `unknown_event`, `unknown_version`, `upcast_failed` or `invalid_event`, for
 * an event that this process cannot read.
 */
export async function evolvedByStored(
	decider: AnyDecider,
	state: unknown,
	stream: string,
	{ event, version }: StreamEvent,
): Promise<unknown> {
	const declared = decider.contract["~allium"].events.find(({ type }) => type === event.type);
	if (declared === undefined) throw unknownEvent(decider, stream, version, event.type);
	const data =
		event.version === declared.version ? event.data : await upcast(declared, stream, version, event);
	return evolved(decider, state, declared.name, data);
}

async function upcast(
	declared: AnyEvent,
	stream: string,
	at: number,
	event: StreamEvent["event"],
): Promise<unknown> {
	try {
		return await readEvent(declared, event);
	} catch (error) {
		if (!(error instanceof ServiceError)) throw error;
		const { code, reason, message } = error;
		throw new ServiceError({
			code,
			reason,
			message: `the stream ${stream} cannot be read at its version ${at}: ${message}`,
			cause: error,
		});
	}
}

function unknownEvent({ contract }: AnyDecider, stream: string, at: number, type: string): ServiceError {
	const { name } = contract["~allium"];
	return new ServiceError({
		code: "failed_precondition",
		reason: "unknown_event",
		message: `the stream ${stream} cannot be read at its version ${at}: the contract ${name} has no event ${type}; update this service, or declare the event again if it was removed`,
	});
}
