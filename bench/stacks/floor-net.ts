import { connect, createServer, type Socket } from "node:net";
import { drained, type Stack } from "../stack.ts";

/** A sum or a concat has `a` and `b`. A stream has `upTo`. */
interface Request {
	readonly id: number;
	readonly a?: never;
	readonly b?: never;
	readonly upTo?: number;
}

/** A reply has `v`. A message of a stream has `n`. The end of a stream has neither. */
interface Reply {
	readonly id: number;
	readonly v?: never;
	readonly n?: number;
}

/** The floor F: length-prefixed JSON with correlation ids over `net`, one write a turn, and nothing else. */
const floorNet: Stack = {
	name: "F: bare net, length-prefixed JSON",

	async serve() {
		const sockets = new Set<Socket>();
		const server = createServer({ noDelay: true }, (socket) => {
			sockets.add(socket);
			const send = batched(socket);
			receive<Request>(socket, ({ id, a, b, upTo }) => {
				if (upTo === undefined) send({ id, v: (a as never) + (b as never) });
				else void sendStream(socket, send, id, count(upTo));
			});
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
		const pending = new Map<number, (reply: Reply) => void>();
		const send = batched(socket);
		let last = 0;
		// Whether several replies arrived at once. Their callers are then about to call again together.
		let crowded = false;
		const settle = (reply: Reply): void => {
			const waiting = pending.get(reply.id);
			if (reply.n === undefined) pending.delete(reply.id);
			waiting?.(reply);
		};
		receive(socket, settle, (count) => {
			crowded = count > 1;
		});
		const call = (a: unknown, b: unknown): Promise<{ v: never }> =>
			new Promise((resolve) => {
				const id = ++last;
				pending.set(id, ({ v }) => resolve({ v: v as never }));
				send({ id, a, b }, pending.size === 1 && !crowded);
			});
		return {
			sum: ({ a, b }) => call(a, b),
			concat: ({ a, b }) => call(a, b),
			count: (upTo) => {
				const id = ++last;
				const arrived = new Arrived();
				pending.set(id, (reply) => arrived.add(reply));
				send({ id, upTo }, true);
				return drained(arrived.messages());
			},
			close: async () => void socket.destroy(),
		};
	},
};

export default floorNet;

async function* count(upTo: number): AsyncGenerator<number> {
	for (let n = 0; n < upTo; n++) yield n;
}

/** Sends what a generator yields, as fast as the socket accepts it. */
async function sendStream(
	socket: Socket,
	send: (message: unknown) => void,
	id: number,
	messages: AsyncIterable<number>,
): Promise<void> {
	let sent = 0;
	for await (const n of messages) {
		send({ id, n });
		if (++sent % 500 !== 0) continue;
		// Lets the turn end, so that the gathered messages are written.
		await new Promise((resolve) => setImmediate(resolve));
		if (socket.writableNeedDrain) await new Promise((resolve) => socket.once("drain", resolve));
	}
	send({ id });
}

/** The messages of a stream that have arrived and wait to be read. */
class Arrived {
	#waiting: Reply[] = [];
	#wake: (() => void) | undefined;

	add(reply: Reply): void {
		this.#waiting.push(reply);
		this.#wake?.();
		this.#wake = undefined;
	}

	async *messages(): AsyncGenerator<{ n: number }> {
		for (;;) {
			const replies = this.#waiting;
			this.#waiting = [];
			for (const { n } of replies) {
				if (n === undefined) return;
				yield { n };
			}
			if (this.#waiting.length > 0) continue;
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
	}
}

/** This many bytes do not wait for the end of the turn, so that the other side can start on them. */
const enough = 64 * 1024;

/** Gathers the messages of a turn and writes them in one piece. It writes at once if nothing else is in progress. */
function batched(socket: Socket): (message: unknown, idle?: boolean) => void {
	let gathered: string[] = [];
	let room = 0;
	const flush = (): void => {
		if (gathered.length === 0) return;
		const bytes = Buffer.allocUnsafe(room);
		let end = 0;
		for (const text of gathered) {
			const length = bytes.write(text, end + 4);
			bytes.writeUInt32BE(length, end);
			end += 4 + length;
		}
		gathered = [];
		room = 0;
		socket.write(bytes.subarray(0, end));
	};
	return (message, idle = false) => {
		const text = JSON.stringify(message);
		room += 4 + (text.length < 256 ? text.length * 3 : Buffer.byteLength(text));
		gathered.push(text);
		if (idle || room > enough) flush();
		else if (gathered.length === 1) setImmediate(flush);
	};
}

/** @param turn Called with the number of messages that arrived at once, after they were passed on. */
function receive<M>(socket: Socket, each: (message: M) => void, turn?: (count: number) => void): void {
	let rest: Buffer | undefined;
	socket.on("data", (chunk: Buffer) => {
		const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
		let start = 0;
		let count = 0;
		while (bytes.length - start >= 4) {
			const end = start + 4 + bytes.readUInt32BE(start);
			if (bytes.length < end) break;
			each(JSON.parse(bytes.toString("utf8", start + 4, end)) as M);
			start = end;
			count++;
		}
		rest = start === bytes.length ? undefined : bytes.subarray(start);
		turn?.(count);
	});
	socket.on("error", () => socket.destroy());
}
