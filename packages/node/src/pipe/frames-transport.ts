import type { EndpointTable, Format } from "@allium/core";
import { checkFramesOptions, type FrameLimits, FramesPeer } from "@allium/core/frames";
import type { DialOptions, Listener, ListenOptions, Peer, Transport } from "@allium/core/transport";
import { parseListenAddress } from "../server/listen-address.ts";
import { listen } from "../server/server.ts";
import { TlsDialer } from "../tls/tls-dialer.ts";
import { requireCertificate, type TlsOptions } from "../tls/tls-options.ts";
import { acceptFrames } from "./accept-frames.ts";
import { dialSecurely, dialSocket } from "./dial-socket.ts";

/** The options of the frames transport. */
export interface FramesOptions {
	/**
	 * The formats to prefer to JSON, in order, such as `msgpack()` of `@allium/msgpack`. The listening side reads
	 * them. The dialling side writes a call in the first one that its method has and the other side reads. Default:
	 * none.
	 */
	readonly formats?: readonly Format[];
	readonly limits?: Partial<FrameLimits>;
	/** How long connecting may take, in milliseconds. Default: 5 s. */
	readonly connectTimeoutMs?: number;
}

/** The options of the transport of frames over TLS. */
export interface FramesTlsOptions extends FramesOptions {
	/** The certificate of this side, and the authorities that it trusts. Listening takes `cert` and `key`. */
	readonly tls?: TlsOptions | undefined;
}

/**
 * Allium frames over TCP, for URLs such as `allium://127.0.0.1:4000`: multiplexed, flow-controlled, batched.
 * It listens as the one port does, so HTTP works there too.
 *
 * @throws RangeError for a duration or the number of a format that is not possible.
 */
export function frames(options: FramesOptions = {}): Transport {
	checkFramesOptions(options);
	return {
		scheme: "allium",
		listen: (endpoints, listenOptions) => listenWith(endpoints, options, undefined, listenOptions),
		dial: (address: string): Peer => new FramesPeer(address, dialSocket, options),
	};
}

/**
 * Allium frames over TLS, for URLs such as `allium+tls://add.example:4000`.
 *
 * @throws ServiceError `failed_precondition` when the files of a certificate cannot be used; RangeError for a duration
 * that is not possible.
 */
export function framesTls(options: FramesTlsOptions = {}): Transport {
	checkFramesOptions(options);
	const dialer = new TlsDialer(options.tls);
	return {
		scheme: "allium+tls",
		listen: (endpoints, listenOptions) =>
			listenWith(endpoints, options, requireCertificate(options.tls), listenOptions),
		dial: (address: string, { identity }: DialOptions = {}): Peer =>
			new FramesPeer(address, dialSecurely(dialer, identity), options),
	};
}

async function listenWith(
	endpoints: EndpointTable,
	{ formats, limits }: FramesOptions,
	tls: TlsOptions | undefined,
	{ address = "127.0.0.1:0", logger }: ListenOptions = {},
): Promise<Listener> {
	return listen(endpoints, {
		acceptFrames: acceptFrames({ formats, limits }),
		...parseListenAddress(address),
		...(logger !== undefined && { logger }),
		tls,
	});
}
