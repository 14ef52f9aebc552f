import type { Format } from "@allium/core";
import type { FrameLimits } from "@allium/core/frames";
import { type Acceptor, type Dialer, type Transport, waysOf } from "@allium/core/transport";
import { http, https } from "../http/http-transport.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { frames, framesTls } from "./frames-transport.ts";

/** The options that all outgoing transports share. */
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
 * The outgoing transports of a process. The given ones come first, so that one of them can replace one of Node's;
 * Node's follow.
 */
export function nodeDialers(
	given: readonly (Dialer | Acceptor)[] | undefined,
	options: NodeTransportsOptions,
): Dialer[] {
	return [...waysOf(given ?? []).dialers, ...nodeTransports(options)];
}
