import { ServiceError } from "@allium/core";

/** Begins the subjects of pipes: those of instances, and of the pipes below them. */
const pipesRoot = "allium-pipes";

/** Begins the subjects of plain requests. */
const requestsRoot = "allium";

/** The queue group that shares the plain requests for a service. */
export const requestsQueue = "allium";

/** A new subject of an instance, at which others open pipes to it. */
export function newInstanceSubject(namespace: string): string {
	return `${pipesRoot}.${token(namespace)}.${crypto.randomUUID().replaceAll("-", "")}`;
}

/** The subject of all plain requests for a service: `allium.<namespace>.<service>.*`. */
export function requestsSubject(namespace: string, service: string): string {
	return `${requestsRoot}.${token(namespace)}.${service}.*`;
}

/** The address of an instance, as registries list it. The server is not part of it: each process has its own way there. */
export function addressOf(subject: string): string {
	return `nats://${subject}`;
}

/**
 * The subject of an instance, from its address.
 *
 * @throws ServiceError `invalid_argument` for an address of another form.
 */
export function subjectOf(address: string): string {
	const [, subject] = /^nats:\/\/([\w=-]+(?:\.[\w=-]+)+)\/?$/.exec(address) ?? [];
	if (subject !== undefined) return subject;
	throw new ServiceError({
		code: "invalid_argument",
		message: `"${address}" is no address over NATS; it is the subject of an instance, such as nats://allium-pipes.default.4f1c`,
	});
}

/**
 * A namespace as one token of a subject: dots, which separate tokens, are written as `=2E`. The subjects of heartbeats
 * begin with `allium.beat`, so that namespace is written in another way.
 */
function token(namespace: string): string {
	return namespace === "beat" ? "=62eat" : namespace.replaceAll(".", "=2E");
}
