import type { EndpointTable, Listener, ListenOptions, Peer, Transport } from "@allium/core";
import { listen } from "../server/server.ts";
import { HttpPeer, type HttpPeerOptions } from "./http-peer.ts";

/**
 * The Connect protocol with JSON over HTTP, for URLs such as `http://127.0.0.1:4000`: what curl, browsers and
 * Connect clients in any language speak. What listens with it is the one port without frames.
 */
export function http(options: HttpPeerOptions = {}): Transport {
	return {
		scheme: "http",
		listen(endpoints: EndpointTable, { address, logger }: ListenOptions = {}): Promise<Listener> {
			const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address ?? "127.0.0.1:0") ?? [];
			return listen(endpoints, {
				...(host !== undefined && { host }),
				port: Number(port ?? 0),
				...(logger !== undefined && { logger }),
			});
		},
		dial: (address: string): Peer => new HttpPeer(address, options),
	};
}
