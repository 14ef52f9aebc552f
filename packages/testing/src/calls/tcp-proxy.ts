import { connect, createServer, type Server, type Socket } from "node:net";

/** Stands between a client and a server on TCP, counts the connections, and cuts them as a network or a crash does. */
export class TcpProxy {
	/** How many connections came. */
	connections = 0;
	/** Cuts each connection as soon as it comes. */
	refusing = false;
	readonly #server: Server;
	readonly #target: URL;
	readonly #sockets = new Set<Socket>();

	private constructor(target: URL) {
		this.#target = target;
		this.#server = createServer((socket) => this.#accept(socket));
	}

	/** Starts before the server behind a URL. */
	static async start(url: string): Promise<TcpProxy> {
		const proxy = new TcpProxy(new URL(url));
		await new Promise<void>((resolve, reject) => {
			proxy.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
		});
		return proxy;
	}

	/** The URL of the server through this. */
	get url(): string {
		const address = this.#server.address();
		if (typeof address !== "object" || address === null) throw new Error("the proxy is closed");
		const [scheme, rest = ""] = this.#target.href.split("://");
		return `${scheme}://${rest.replace(/:\d+/, `:${address.port}`)}`;
	}

	/** Ends all connections on both sides: `"end"` as when a process ends, `"reset"` as when a host is gone. */
	cut(how: "end" | "reset"): void {
		for (const socket of this.#sockets) {
			if (how === "end") socket.destroy();
			else socket.resetAndDestroy();
		}
	}

	/** The connections that there are bring nothing any more, and nobody is told; new ones do. */
	silence(): void {
		for (const socket of this.#sockets) socket.unpipe().removeAllListeners("close").resume();
	}

	async close(): Promise<void> {
		this.cut("end");
		await new Promise((resolve) => this.#server.close(resolve));
	}

	#accept(socket: Socket): void {
		this.connections++;
		this.#keep(socket);
		if (this.refusing) {
			socket.destroy();
			return;
		}
		const upstream = connect({ port: Number(this.#target.port), host: this.#target.hostname });
		this.#keep(upstream);
		socket.pipe(upstream).pipe(socket);
		socket.on("close", () => upstream.destroy());
		upstream.on("close", () => socket.destroy());
	}

	#keep(socket: Socket): void {
		this.#sockets.add(socket);
		socket.setNoDelay(true);
		// Whoever is cut off learns it from the end of the connection.
		socket.on("error", () => {});
		socket.on("close", () => this.#sockets.delete(socket));
	}
}
