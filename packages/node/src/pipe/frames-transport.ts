import {
	type EndpointTable,
	type FrameLimits,
	FramesPeer,
	type Listener,
	type ListenOptions,
	type Peer,
	type Transport,
} from "@allium/core";
import { listen } from "../server/server.ts";
import { acceptFrames } from "./accept-frames.ts";
import { dialSocket } from "./dial-socket.ts";

/** What the frames transport is made with. */
export interface FramesOptions {
	readonly limits?: Partial<FrameLimits>;
	/** How long connecting may take, in milliseconds. Default: 5 s. */
	readonly connectTimeoutMs?: number;
}

/**
 * Allium frames over TCP, for URLs such as `allium://127.0.0.1:4000`: multiplexed, flow-controlled, batched.
 * What listens with it is the one port, so HTTP works there too.
 */
export function frames(options: FramesOptions = {}): Transport {
	return {
		scheme: "allium",
		listen(endpoints: EndpointTable, { address, logger }: ListenOptions = {}): Promise<Listener> {
			const [, host, port] = /^(.*):(\d+)$/.exec(address ?? "127.0.0.1:0") ?? [];
			return listen(endpoints, {
				acceptFrames: acceptFrames(options.limits),
				...(host !== undefined && { host }),
				port: Number(port ?? 0),
				...(logger !== undefined && { logger }),
			});
		},
		dial: (address: string): Peer => new FramesPeer(address, dialSocket, options),
	};
}
