import { type Format, methodCodecs } from "@allium/core";
import { callPathOf, type HttpRequest } from "../http/http-request.ts";
import { readHead } from "../http/read-head.ts";
import { ConnectStream } from "./connect-stream.ts";
import { queryFormat, streamFormat, unaryFormat } from "./connect-types.ts";
import { ConnectUnary } from "./connect-unary.ts";
import type { PortProtocol } from "./port-protocol.ts";

/**
 * The Connect protocol at `/{service}/{method}`. It claims every path of two segments or more, so that it can answer for
 * unknown methods.
 */
export const connect: PortProtocol = {
	name: "Connect",
	claims: [{ match: ({ path }) => path.startsWith("/") && path.includes("/", 1) }],
	open: (port) => ({
		handle(request, response) {
			const head = readHead(request);
			const path = callPathOf(request);
			port.call(request, response, {
				path,
				head,
				protocol(exchange) {
					const method = exchange.call.served?.method;
					if (method !== undefined && method.kind !== "unary" && request.method === "POST") {
						const format = streamFormat(head.mediaType);
						const codecs = format && methodCodecs(method, format);
						if (format !== undefined && codecs !== undefined)
							return new ConnectStream(exchange, method, codecs, format);
					}
					return new ConnectUnary(exchange, formatOf(request, head.mediaType));
				},
			});
		},
	}),
};

function formatOf(request: HttpRequest, mediaType: string | undefined): Format | undefined {
	return request.method === "POST" ? unaryFormat(mediaType) : queryFormat(request.target);
}
