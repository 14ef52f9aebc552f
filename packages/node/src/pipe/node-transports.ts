import type { FrameLimits } from "@allium/core/frames";
import { type Acceptor, type Dialer, type Transport, waysOf } from "@allium/core/transport";
import { http, https } from "../http/http-transport.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { frames, framesTls } from "./frames-transport.ts";

/** What all ways out of a process have in common. */
export interface NodeTransportsOptions {
	/** The certificate of this side, and the authorities that it trusts. */
	readonly tls: TlsOptions | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
}

/** The transports of Node, in the order in which they are preferred: frames and HTTP, each with and without TLS. */
export function nodeTransports({ tls, limits }: NodeTransportsOptions): Transport[] {
	const bounds = limits === undefined ? {} : { limits };
	return [framesTls({ ...bounds, tls }), frames(bounds), https({ tls }), http()];
}

/**
 * The ways out of a process: the given transports first, so that one of them may take the place of one of Node's, and
 * then those of Node.
 */
export function nodeDialers(
	given: readonly (Dialer | Acceptor)[] | undefined,
	options: NodeTransportsOptions,
): Dialer[] {
	return [...waysOf(given ?? []).dialers, ...nodeTransports(options)];
}
