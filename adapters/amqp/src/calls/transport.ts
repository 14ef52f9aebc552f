import { type EndpointTable, type Logger, silentLogger } from "@allium/core";
import { invalidUrl } from "@allium/core/adapter";
import type { Listener, ListenOptions, Peer, Transport } from "@allium/core/transport";
import { type AmqpOptions, parseAmqpUrl } from "../amqp-url.ts";
import { namespaceOf } from "./call-address.ts";
import { CallLink } from "./call-link.ts";
import { QueueListener } from "./queue-listener.ts";
import { QueuePeer } from "./queue-peer.ts";

/** The size of the largest message, in bytes, where nothing else is said. */
const defaultMaxMessageBytes = 4 * 1024 * 1024;

/** How many calls of a service an instance takes at once, where nothing else is said. */
const defaultPrefetch = 256;

/** The most that AMQP can name. */
const maxPrefetch = 65_535;

/** The options of calls over RabbitMQ. They take precedence over the URL. */
export interface AmqpTransportOptions extends AmqpOptions {
	/** How many calls of each service this process takes at once; the others wait in the queue. Default: 256. */
	readonly prefetch?: number;
	/** Default: logs nothing. */
	readonly logger?: Logger;
	/** `maxMessageBytes`: the size of the largest message, in bytes. Default: 4 MiB. */
	readonly limits?: { readonly maxMessageBytes?: number } | undefined;
}

/**
 * Calls through queues of RabbitMQ: `amqp://user:password@host:5672/vhost`. Each service has one queue, which all of its
 * instances share. Calls are unary. All instances of a namespace have one address, such as
 * `amqp://allium-calls.default`: it names no server, because each process has its own way there.
 *
 * The first call opens a connection, and the listener another; when nobody dials or listens any more, they are closed.
 *
 * @throws ServiceError `invalid_argument` for a URL or an option that cannot be used.
 * @example
 * const app = allium({ name: "orders", transports: [transport("amqp://shop:secret@mq.internal/shop")] });
 */
export function transport(url: string, options: AmqpTransportOptions = {}): Transport {
	const { logger = silentLogger, limits } = options;
	const address = parseAmqpUrl(url, options, ["prefetch"]);
	const prefetch = readPrefetch(options.prefetch ?? address.further.prefetch);
	const maxMessageBytes = limits?.maxMessageBytes ?? defaultMaxMessageBytes;
	const link = new CallLink(address, logger);
	return {
		scheme: "amqp",
		dial: (to: string): Peer => new QueuePeer(to, link, maxMessageBytes),
		async listen(endpoints: EndpointTable, { address: own }: ListenOptions = {}): Promise<Listener> {
			const namespace = own === undefined ? address.namespace : namespaceOf(`amqp://${own}`);
			const at = { ...address, namespace };
			return QueueListener.listen({ address: at, endpoints, prefetch, maxMessageBytes, logger });
		},
	};
}

function readPrefetch(value: number | string | undefined): number {
	const prefetch = Number(value ?? defaultPrefetch);
	if (Number.isInteger(prefetch) && prefetch > 0 && prefetch <= maxPrefetch) return prefetch;
	throw invalidUrl(`prefetch is a whole number from 1 to ${maxPrefetch}`);
}
