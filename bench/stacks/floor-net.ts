import { connect, createServer, type Socket } from "node:net";
import type { Stack, Sum } from "../stack.ts";

/** The floor: length-prefixed JSON with correlation ids over `net`, one write a turn, and nothing else. */
const floorNet: Stack = {
	name: "bare net, length-prefixed JSON",

	async serve() {
		const sockets = new Set<Socket>();
		const server = createServer({ noDelay: true }, (socket) => {
			sockets.add(socket);
			const send = batched(socket);
			receive(socket, ({ id, a, b }) => send({ id, v: a + b }));
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const { port } = server.address() as { port: number };
		return {
			address: `127.0.0.1:${port}`,
			close: () => {
				for (const socket of sockets) socket.destroy();
				return new Promise((resolve) => server.close(() => resolve()));
			},
		};
	},

	async connect(address) {
		const [host = "", port] = address.split(":");
		const socket = connect({ host, port: Number(port), noDelay: true });
		await new Promise((resolve) => socket.once("connect", resolve));
		const pending = new Map<number, (output: { v: number }) => void>();
		const send = batched(socket);
		let last = 0;
		receive(socket, ({ id, v }) => {
			pending.get(id)?.({ v });
			pending.delete(id);
		});
		const sum: Sum = ({ a, b }) =>
			new Promise((resolve) => {
				const id = ++last;
				pending.set(id, resolve);
				send({ id, a, b }, pending.size === 1);
			});
		return { sum, close: async () => void socket.destroy() };
	},
};

export default floorNet;

/** Gathers the messages of a turn and writes them as one piece; at once where nothing else is under way. */
function batched(socket: Socket): (message: unknown, idle?: boolean) => void {
	let gathered: Buffer[] = [];
	const flush = (): void => {
		socket.write(gathered.length === 1 ? (gathered[0] as Buffer) : Buffer.concat(gathered));
		gathered = [];
	};
	return (message, idle = false) => {
		const text = JSON.stringify(message);
		const frame = Buffer.allocUnsafe(4 + text.length * 3);
		const length = frame.write(text, 4);
		frame.writeUInt32BE(length);
		gathered.push(frame.subarray(0, 4 + length));
		if (idle) flush();
		else if (gathered.length === 1) setImmediate(flush);
	};
}

function receive(socket: Socket, each: (message: never) => void): void {
	let rest: Buffer = Buffer.alloc(0);
	socket.on("data", (chunk: Buffer) => {
		let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
		while (bytes.length >= 4) {
			const end = 4 + bytes.readUInt32BE(0);
			if (bytes.length < end) break;
			each(JSON.parse(bytes.toString("utf8", 4, end)) as never);
			bytes = bytes.subarray(end);
		}
		rest = bytes;
	});
	socket.on("error", () => socket.destroy());
}
