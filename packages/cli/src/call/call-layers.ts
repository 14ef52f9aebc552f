import { type ClientLayers, clientDefaults, type Kind, takesStream } from "@allium/core";

/**
 * The layers of the client that makes a call: the defaults, with two exceptions. If the user gave a timeout, it is the
 * deadline of the whole call and replaces the default timeout. If the input is a stream, there is no default timeout,
 * because the call takes as long as its sender does.
 */
export function callLayers(
	kind: Kind,
	timeoutMs: number | undefined,
): Required<Pick<ClientLayers, "middleware">> {
	const isUnlimited = timeoutMs !== undefined || takesStream(kind);
	return clientDefaults(isUnlimited ? { timeoutMs: Number.POSITIVE_INFINITY } : {});
}
