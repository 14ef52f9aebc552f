import { type ClientLayers, clientDefaults, type Kind, takesStream } from "@allium/core";

/**
 * The layers of the client that makes a call: the defaults, but without their timeout where one was asked for, which
 * is the deadline of the whole call, and where the input is a stream, which takes as long as its sender does.
 */
export function callLayers(
	kind: Kind,
	timeoutMs: number | undefined,
): Required<Pick<ClientLayers, "middleware">> {
	const isUnlimited = timeoutMs !== undefined || takesStream(kind);
	return clientDefaults(isUnlimited ? { timeoutMs: Number.POSITIVE_INFINITY } : {});
}
