import { ServiceError } from "@allium/core";

/**
 * The address of all instances of a namespace whose services have queues. The server is not part of it: each process has
 * its own way there.
 */
export function addressOf(namespace: string): string {
	return `amqp://allium-calls.${namespace}`;
}

/**
 * The namespace in an address.
 *
 * @throws ServiceError `invalid_argument` for an address of another form.
 */
export function namespaceOf(address: string): string {
	const [, namespace] = /^amqp:\/\/allium-calls\.([\w-]+)\/?$/.exec(address) ?? [];
	if (namespace !== undefined) return namespace;
	throw new ServiceError({
		code: "invalid_argument",
		message: `"${maskedAddress(address)}" is no address over RabbitMQ; it names the namespace of the queues, such as amqp://allium-calls.default`,
	});
}

/** Somebody may have given the URL of a server, with its password. */
function maskedAddress(address: string): string {
	return address.replace(/\/\/.*@/, "//***@");
}
