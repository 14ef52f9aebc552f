import type { Format } from "@allium/core";
import type { FrameLimits } from "@allium/core/frames";
import { type Acceptor, type Dialer, type Transport, waysOf } from "@allium/core/transport";
import { http, https } from "../http/http-transport.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { frames, framesTls } from "./frames-transport.ts";

/** What all ways out of a process have in common. */
export interface NodeTransportsOptions {
	/** The certificate of this side, and the authorities that it trusts. */
	readonly tls: TlsOptions | undefined;
	/** The formats to prefer to JSON over frames, in order. Default: none. */
	readonly formats?: readonly Format[] | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
}

/** The transports of Node, in the order in which they are preferred: frames and HTTP, each with and without TLS. */
export function nodeTransports({ tls, formats, limits }: NodeTransportsOptions): Transport[] {
	const options = { ...(formats !== undefined && { formats }), ...(limits !== undefined && { limits }) };
	return [framesTls({ ...options, tls }), frames(options), https({ tls }), http()];
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
