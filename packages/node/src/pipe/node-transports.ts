import type { Format, ServiceError } from "@allium/core";
import type { FrameLimits } from "@allium/core/frames";
import { type Acceptor, type Dialer, type Transport, waysOf } from "@allium/core/transport";
import { invalidConfiguration } from "../config/invalid-configuration.ts";
import { listed } from "../config/listed.ts";
import { http, https } from "../http/http-transport.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { withoutProof } from "../tls/unproven.ts";
import { frames, framesTls } from "./frames-transport.ts";

/** The options that all outgoing transports share. */
export interface NodeTransportsOptions {
	/** The certificate of this side, and the authorities that it trusts. */
	readonly tls: TlsOptions | undefined;
	/** The formats to prefer to JSON over frames, in order. Default: none. */
	readonly formats?: readonly Format[] | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
	/** The schemes that come before the others, in order. Default: none. */
	readonly schemes?: readonly string[] | undefined;
}

/** The transports of Node, in the order in which they are preferred: frames and HTTP, each with and without TLS. */
export function nodeTransports({ tls, formats, limits }: NodeTransportsOptions): Transport[] {
	const options = { ...(formats !== undefined && { formats }), ...(limits !== undefined && { limits }) };
	const [overTls, plain] = [{ ...options, tls }, withoutProof(frames(options), tls)];
	return [framesTls(overTls), plain, https({ tls }), withoutProof(http(), tls)];
}

/**
 * The outgoing transports of a process, the preferred first: the transports of the named schemes, then the given ones,
 * then Node's. A given transport can thus replace one of Node's.
 *
 * @throws ServiceError `failed_precondition` for a scheme that none of them has.
 */
export function nodeDialers(
	given: readonly (Dialer | Acceptor)[] | undefined,
	options: NodeTransportsOptions,
): Dialer[] {
	const dialers = [...waysOf(given ?? []).dialers, ...nodeTransports(options)];
	const { schemes = [] } = options;
	const known = [...new Set(dialers.map(({ scheme }) => scheme))];
	for (const scheme of schemes) {
		if (!known.includes(scheme)) throw noTransport(scheme, known);
	}
	const rank = ({ scheme }: Dialer): number => {
		const index = schemes.indexOf(scheme);
		return index < 0 ? schemes.length : index;
	};
	return dialers.sort((one, other) => rank(one) - rank(other));
}

function noTransport(scheme: string, known: readonly string[]): ServiceError {
	return invalidConfiguration(
		`"schemes" (ALLIUM_SCHEMES) names ${JSON.stringify(scheme)}, but there is no transport for it; there are ${listed(known)}`,
	);
}
