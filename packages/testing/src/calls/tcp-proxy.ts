import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * Stands between a client and a server on TCP. It counts the connections, and cuts them as a network failure or a
 * crash does.
 */
export class TcpProxy {
	/** How many connections have arrived. */
	connections = 0;
	/** Whether to cut each connection as soon as it arrives. */
	refusing = false;
	readonly #server: Server;
	readonly #target: URL;
	readonly #sockets = new Set<Socket>();

	private constructor(target: URL) {
		this.#target = target;
		this.#server = createServer((socket) => this.#accept(socket));
	}

	/** Starts a proxy in front of the server at a URL. */
	static async start(url: string): Promise<TcpProxy> {
		const proxy = new TcpProxy(new URL(url));
		await new Promise<void>((resolve, reject) => {
			proxy.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
		});
		return proxy;
	}

	/** The URL of the server through this proxy. */
	get url(): string {
		const address = this.#server.address();
		if (typeof address !== "object" || address === null) throw new Error("the proxy is closed");
		const [scheme, rest = ""] = this.#target.href.split("://");
		return `${scheme}://${rest.replace(/:\d+/, `:${address.port}`)}`;
	}

	/** Ends all connections on both sides: `"end"` as when a process ends, `"reset"` as when a host disappears. */
	cut(how: "end" | "reset"): void {
		for (const socket of this.#sockets) {
			if (how === "end") socket.destroy();
			else socket.resetAndDestroy();
		}
	}

	/** Makes the current connections carry nothing more, without telling either side. New connections work. */
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
		// Each side learns of a cut from the end of its connection.
		socket.on("error", () => {});
		socket.on("close", () => this.#sockets.delete(socket));
	}
}
