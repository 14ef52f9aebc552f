import { ServiceError } from "../errors/service-error.ts";

/** A stream has another version than an append expected. */
export function wrongVersion(stream: string, version: number, expected: string | number): ServiceError {
	return new ServiceError({
		code: "aborted",
		reason: "wrong_version",
		message: `the stream ${stream} has the version ${version}, and ${wanted(expected)} was expected; read it again and decide again`,
		data: { stream, version },
	});
}

function wanted(expected: string | number): string {
	if (expected === "exists") return "one with events";
	return expected === "none" ? "one without events" : String(expected);
}

/** The outcome of the call is kept already. */
export function outcomeKnown(id: string): ServiceError {
	return new ServiceError({
		code: "already_exists",
		reason: "outcome_known",
		message: `the outcome of the call ${id} is kept already; answer from it`,
	});
}

/** The id of an event is taken by another. */
export function otherEvent(topic: string, id: string, stream: string | undefined): ServiceError {
	const where = stream === undefined ? `the topic ${topic}` : `the stream ${stream}`;
	return new ServiceError({
		code: "already_exists",
		reason: "other_event",
		message: `${where} has an event with the id ${id} already, and it is another one`,
	});
}

/** Some events of an append are there, and others are not. */
export function partlyThere(stream: string, id: string): ServiceError {
	return new ServiceError({
		code: "already_exists",
		reason: "partly_there",
		message: `the stream ${stream} has some of these events already, and not the one with the id ${id}; append the new ones alone`,
	});
}

/** A transaction was asked for SQL, and the store has none. */
export function sqlNotOffered(store: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "not_offered",
		message: `the event store ${store} runs no SQL; use a store on SQLite or PostgreSQL`,
	});
}

/** A transaction was used after its work had ended. */
export function transactionEnded(): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		message: "the transaction has ended; await all that is done with it inside of its work",
	});
}

/** The name of a stream or a part of an append is invalid. */
export function invalidAppend(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
