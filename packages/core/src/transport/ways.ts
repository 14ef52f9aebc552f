import { kindOf, Mistake } from "../errors/mistake.ts";
import type { Acceptor, Dialer } from "./transport.ts";

/** The ways out of a process and into it. Each transport may be one or both. */
export interface Ways {
	readonly dialers: readonly Dialer[];
	readonly acceptors: readonly Acceptor[];
}

/**
 * Sorts transports by their abilities.
 *
 * @throws TypeError for a transport that can neither dial nor listen.
 */
export function waysOf(transports: readonly (Dialer | Acceptor)[]): Ways {
	for (const transport of transports) {
		if (dials(transport) || listens(transport)) continue;
		throw new Mistake(
			`a transport has a function dial or a function listen, and ${kindOf(transport)} has neither`,
			{ stack: true },
		);
	}
	return { dialers: transports.filter(dials), acceptors: transports.filter(listens) };
}

function dials(transport: Dialer | Acceptor): transport is Dialer {
	return "dial" in transport;
}

function listens(transport: Dialer | Acceptor): transport is Acceptor {
	return "listen" in transport;
}
