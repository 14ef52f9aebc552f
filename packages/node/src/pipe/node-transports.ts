import type { FrameLimits } from "@allium/core/frames";
import type { Transport } from "@allium/core/transport";
import { http, https } from "../http/http-transport.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { frames, framesTls } from "./frames-transport.ts";

/** What all ways out of a process have in common. */
export interface NodeTransportsOptions {
	/** Whom to trust over TLS, and how to prove who we are. */
	readonly tls: TlsOptions | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
}

/** The ways to other processes, in the order in which they are preferred: frames and HTTP, each with and without TLS. */
export function nodeTransports({ tls, limits }: NodeTransportsOptions): Transport[] {
	const bounds = limits === undefined ? {} : { limits };
	return [framesTls({ ...bounds, tls }), frames(bounds), https({ tls }), http()];
}
