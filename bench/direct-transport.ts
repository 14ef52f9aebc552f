import type { EndpointTable } from "@allium/core";
import { type Dialer, type Peer, ServerCall } from "@allium/core/transport";

/**
 * Runs calls directly, as a transport runs those that arrive, but encodes nothing. It shows the cost of the layers of
 * client and server without a wire. It supports unary calls only.
 */
export function directTransport(endpoints: EndpointTable): Dialer {
	const peer = { address: "direct" };
	return {
		scheme: "direct",
		dial: (): Peer => ({
			endpoint:
				({ path }) =>
				async (input, ctx) => {
					const { outgoing: metadata } = ctx;
					const call = new ServerCall(endpoints, { path, metadata, peer, timeoutMs: ctx.remaining() });
					const output = await call.run(() => input);
					call.settle({ ok: true });
					return output;
				},
			close: async () => {},
		}),
	};
}
