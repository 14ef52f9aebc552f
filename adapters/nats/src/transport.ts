import { type EndpointTable, type Format, type Logger, silentLogger } from "@allium/core";
import { checkFramesOptions, type DialPipe, type FrameLimits, FramesPeer } from "@allium/core/frames";
import type { Listener, ListenOptions, Peer, Transport } from "@allium/core/transport";
import { connect, createInbox } from "@nats-io/transport-node";
import { Attempts, connectOptions } from "./connect-options.ts";
import { connectFailure } from "./failure.ts";
import { NatsLink } from "./nats-link.ts";
import { PipeTable } from "./nats-pipe.ts";
import { type NatsOptions, parseNatsUrl, placeOf } from "./nats-url.ts";
import { dialPipe } from "./transport-dialer.ts";
import { NatsListener } from "./transport-listener.ts";
import { newInstanceSubject, subjectOf } from "./transport-subjects.ts";

/** The options of calls over NATS. */
export interface NatsTransportOptions extends NatsOptions {
	/** The namespace of the process: it is part of all subjects. Default: `default`. */
	readonly namespace?: string;
	/** Default: logs nothing. */
	readonly logger?: Logger;
	/** The formats to prefer to JSON, in order, such as `msgpack()` of `@allium/msgpack`. Default: none. */
	readonly formats?: readonly Format[] | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
	/** How long opening a pipe may take, in milliseconds. Default: 5 s. */
	readonly connectTimeoutMs?: number;
}

/**
 * Calls over the NATS servers at a URL, for processes that reach these but not one another. Each instance listens at
 * its own subject, so its address is like `nats://allium-pipes.default.4f1c…`. The address names no server, because
 * each process has its own way there. Calls are Allium frames over pairs of subjects. Beside them, an instance answers
 * plain requests of any NATS client at `allium.<namespace>.<service>.<method>`.
 *
 * It has its own connection, apart from the connection of a registry, because the messages of calls must not hold up
 * heartbeats. The first call opens it, or the listener; when nobody dials or listens any more, it is closed.
 *
 * @throws ServiceError `invalid_argument` for a URL that cannot be used; RangeError for a duration or the number of a
 * format that is not possible.
 * @example
 * const app = allium({ name: "orders", transports: [transport("nats://nats.internal:4222")] });
 */
export function transport(url: string, options: NatsTransportOptions = {}): Transport {
	checkFramesOptions(options);
	const { namespace = "default", logger = silentLogger } = options;
	const { address, parameters } = parseNatsUrl(url, options, ["inbox"]);
	const location = placeOf(address);
	const attempts = new Attempts();
	const link = new NatsLink({
		location,
		logger,
		connect: async () => {
			try {
				// A lost connection is not repaired, because messages on their way are lost: the link makes another one.
				return await connect({ ...connectOptions(address, attempts), reconnect: false });
			} catch (error) {
				throw connectFailure(error, location);
			}
		},
	});
	let pipes: PipeTable | undefined;
	const dial: DialPipe = (to, signal) => {
		pipes ??= new PipeTable(link, createInbox(parameters.inbox));
		return dialPipe(link, pipes, to, signal);
	};
	return {
		scheme: "nats",
		dial(to: string): Peer {
			subjectOf(to);
			return new NatsPeer(to, link, dial, options);
		},
		listen: (endpoints: EndpointTable, { address: subject }: ListenOptions = {}): Promise<Listener> =>
			NatsListener.listen({
				...options,
				link,
				namespace,
				endpoints,
				subject: subject ?? newInstanceSubject(namespace),
			}),
	};
}

/** The way to one instance. It uses the link until it is closed. */
class NatsPeer extends FramesPeer {
	readonly #release: () => Promise<void>;

	constructor(to: string, link: NatsLink, dial: DialPipe, options: NatsTransportOptions) {
		super(to, dial, options);
		this.#release = link.use();
	}

	override async close(): Promise<void> {
		await super.close();
		await this.#release();
	}
}
