import type { Socket } from "node:net";
import { http2 } from "../platform/builtins.ts";
import type { Answer } from "../protocol/answer.ts";

/** Gives a client of HTTP/2 an answer to its first request, regardless of the request, and ends the connection. */
export function refuseHttp2(socket: Socket, { status, type, text }: Answer): void {
	const session = http2().performServerHandshake(socket, { settings: { maxConcurrentStreams: 1 } });
	// A client that breaks the protocol, or leaves, is refused as well.
	session.on("error", () => socket.destroy());
	session.once("stream", (stream) => {
		stream.on("error", () => socket.destroy());
		stream.respond({ ":status": status, "content-type": type });
		stream.end(text);
		session.close();
	});
}
