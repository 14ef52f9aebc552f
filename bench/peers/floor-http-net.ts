import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import type { Stack } from "../stack.ts";
import { postJson } from "./post-json.ts";

const endOfHead = "\r\n\r\n";

/**
 * The upper bound of Node's sockets: requests of HTTP/1.1 are answered in one write, and only their end is looked for.
 * No server on `node:net` can be faster.
 */
const floorHttpNet: Stack = {
	name: "bare net that answers HTTP/1.1, and checks nothing",
	http: { path: "/sum" },

	async serve() {
		const sockets = new Set<Socket>();
		const server = createServer({ noDelay: true }, (socket) => {
			sockets.add(socket);
			let unread = "";
			socket.on("error", () => {}).on("close", () => sockets.delete(socket));
			socket.on("data", (bytes) => {
				unread = answerAll(socket, unread + bytes.toString("latin1"));
			});
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return {
			address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
			close: () => {
				for (const socket of sockets) socket.destroy();
				return new Promise((resolve) => server.close(() => resolve()));
			},
		};
	},

	connect: async (address) => postJson(address),
};

export default floorHttpNet;

/** Answers the requests that are whole. Returns what is left. */
function answerAll(socket: Socket, text: string): string {
	let at = 0;
	for (;;) {
		const body = text.indexOf(endOfHead, at) + endOfHead.length;
		if (body < endOfHead.length) return text.slice(at);
		const [, length = "0"] = /\r\ncontent-length: (\d+)/i.exec(text.slice(at, body)) ?? [];
		const end = body + Number(length);
		if (end > text.length) return text.slice(at);
		const { a, b } = JSON.parse(text.slice(body, end)) as { a: never; b: never };
		const answer = JSON.stringify({ v: a + b });
		const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}`;
		socket.write(`${head}\r\nConnection: keep-alive\r\n\r\n${answer}`, "latin1");
		at = end;
	}
}
