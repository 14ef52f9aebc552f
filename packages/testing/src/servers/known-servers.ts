import { connect } from "node:net";
import type { ServerOptions } from "./server-process.ts";

/** Further arguments for a server, after those that the test needs in any case. */
export interface KnownServerOptions {
	/** The program; see `serverProgram`. */
	readonly file: string;
	readonly args?: readonly string[];
	/** Where it listens. Default: `127.0.0.1`. */
	readonly host?: string;
}

/** NATS with JetStream. The port is that of clients. */
export function natsServer({ file, args = [], host = "127.0.0.1" }: KnownServerOptions): ServerOptions {
	return {
		file,
		args: ({ ports: [port], folder }) => ["-a", host, "-p", String(port), "-js", "-sd", folder, ...args],
		answers: ({ ports: [port] }) => accepts(port),
	};
}

/** Consul as one server that keeps everything in memory. The first port is that of its HTTP interface, the fifth DNS. */
export function consulServer({ file, args = [], host = "127.0.0.1" }: KnownServerOptions): ServerOptions {
	return {
		file,
		ports: 5,
		args: ({ ports: [http, server, lan, wan, dns] }) => [
			...["agent", "-dev", "-bind", "127.0.0.1", "-client", host, "-node", "test", "-grpc-port", "-1"],
			...["-http-port", String(http), "-server-port", String(server), "-dns-port", String(dns)],
			...["-serf-lan-port", String(lan), "-serf-wan-port", String(wan), ...args],
		],
		answers: async ({ ports: [port] }) => {
			const leader = await fetch(`http://127.0.0.1:${port}/v1/status/leader`);
			return (await leader.text()).includes(":");
		},
	};
}

/** etcd with one member. The first port is that of clients. */
export function etcdServer({ file, args = [], host = "127.0.0.1" }: KnownServerOptions): ServerOptions {
	return {
		file,
		ports: 2,
		args: ({ ports: [client, peer], folder }) => {
			const [clients, peers] = [`http://${host}:${client}`, `http://127.0.0.1:${peer}`];
			return [
				...["--data-dir", folder, "--listen-client-urls", clients, "--advertise-client-urls", clients],
				...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers],
				...["--initial-cluster", `default=${peers}`, ...args],
			];
		},
		answers: async ({ ports: [port] }) => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
	};
}

/** Whether something accepts connections on a port of 127.0.0.1. */
function accepts(port: number | undefined): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port ?? 0, "127.0.0.1");
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
