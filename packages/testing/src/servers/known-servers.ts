import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { ServerOptions } from "./server-process.ts";

/** The options that all known servers share. `args` come after those that the test needs in any case. */
export interface KnownServerOptions {
	/** The program; see `serverProgram`. */
	readonly file: string;
	readonly args?: readonly string[];
	/** The address that it listens on. Default: `127.0.0.1`. */
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

/** Options besides {@link KnownServerOptions}. */
export interface PostgresServerOptions extends KnownServerOptions {
	/** The password of the user `postgres`. Default: no password is asked for. */
	readonly password?: string;
}

/**
 * Creates the data folder if it is empty, and becomes the server. PostgreSQL refuses to run as root, so root runs it as
 * the user `postgres`, which Debian's packages make.
 */
const postgresScript = `
set -eu
programs=$1 folder=$2
shift 2
if [ "$(id -u)" = 0 ]; then
	chown postgres "$folder"
	exec setpriv --reuid postgres --regid postgres --clear-groups sh -c "$ALLIUM_SCRIPT" postgres "$programs" "$folder" "$@"
fi
if [ ! -e "$folder/made" ]; then
	rm -rf "$folder/data"
	printf '%s' "$ALLIUM_PASSWORD" > "$folder/password"
	auth=trust
	if [ -s "$folder/password" ]; then auth="scram-sha-256 --pwfile=$folder/password"; fi
	"$programs/initdb" -D "$folder/data" -U postgres -E UTF8 --locale=C --no-sync -A $auth
	touch "$folder/made"
fi
exec "$programs/postgres" -D "$folder/data" -k "$folder" "$@"
`;

/** PostgreSQL with the user and the database `postgres`. */
export function postgresServer(options: PostgresServerOptions): ServerOptions {
	const { file, args = [], host = "127.0.0.1", password = "" } = options;
	// If the file is a link, the other programs are beside its target.
	const programs = dirname(realpathSync(file));
	return {
		file: "/bin/sh",
		args: ({ ports: [port], folder }) => [
			...["-c", postgresScript, "postgres", programs, folder],
			...["-p", String(port), "-c", `listen_addresses=${host}`, ...args],
		],
		env: { ALLIUM_SCRIPT: postgresScript, ALLIUM_PASSWORD: password },
		// On SIGTERM it would wait until its clients have gone.
		stopSignal: "SIGINT",
		answers: async ({ ports: [port] }) => {
			await promisify(execFile)(join(programs, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)]);
			return true;
		},
	};
}

/** RabbitMQ with the user `guest`, whose password is `guest`. The first port is that of clients. */
export function rabbitServer({ file, args = [], host = "127.0.0.1" }: KnownServerOptions): ServerOptions {
	const script = `
set -eu
rabbit=$1 folder=$2 port=$3 distribution=$4 host=$5
shift 5
export RABBITMQ_NODENAME="test$port@localhost" RABBITMQ_NODE_PORT="$port" RABBITMQ_DIST_PORT="$distribution"
export RABBITMQ_NODE_IP_ADDRESS="$host" RABBITMQ_MNESIA_BASE="$folder/data" RABBITMQ_LOG_BASE="$folder/log"
export RABBITMQ_ENABLED_PLUGINS_FILE="$folder/plugins" RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" HOME="$folder"
export RABBITMQ_PID_FILE="$folder/pid"
echo '[].' > "$folder/plugins"
touch "$folder/rabbitmq.conf"
exec "$rabbit" "$@"
`;
	return {
		file: "/bin/sh",
		ports: 2,
		args: ({ ports: [port, distribution], folder }) => [
			...["-c", script, "rabbitmq", file, folder, String(port), String(distribution), host],
			...args,
		],
		// The server replaces its script, so that a signal reaches it.
		env: { RUNNING_UNDER_SYSTEMD: "1" },
		answers: ({ ports: [port] }) => greets(port),
	};
}

/** Redis, which keeps nothing when it ends unless the arguments say otherwise. */
export function redisServer({ file, args = [], host = "127.0.0.1" }: KnownServerOptions): ServerOptions {
	return {
		file,
		args: ({ ports: [port], folder }) => [
			...["--port", String(port), "--bind", host, "--dir", folder, "--save", "", ...args],
		],
		// A server that asks for a password is up, too.
		answers: ({ ports: [port] }) => asks(port, "PING\r\n", (answer) => /^(\+PONG|-NOAUTH)/.test(answer)),
	};
}

/** The class path of Debian's ZooKeeper, and two libraries that it leaves out and that TLS needs. */
const zookeeperJars = ["zookeeper", "netty-codec", "netty-resolver"]
	.map((name) => `/usr/share/java/${name}.jar`)
	.join(":");

/** Options besides {@link KnownServerOptions}, whose `args` are lines of the configuration. */
export interface ZooKeeperServerOptions extends KnownServerOptions {
	/** The clock by which sessions are counted, in milliseconds: the shortest session lasts two ticks. Default: 500. */
	readonly tickMs?: number;
}

/** ZooKeeper as one server. The first port is that of clients; the second is free, for one with TLS. */
export function zookeeperServer(options: ZooKeeperServerOptions): ServerOptions {
	const { file, args = [], host = "127.0.0.1", tickMs = 500 } = options;
	const script = `
set -eu
zookeeper=$1 folder=$2
shift 2
printf '%s\\n' "$@" > "$folder/zoo.cfg"
exec "$zookeeper" start-foreground "$folder/zoo.cfg"
`;
	return {
		file: "/bin/sh",
		ports: 2,
		args: ({ ports: [port], folder }) => [
			...["-c", script, "zookeeper", file, folder],
			...[`tickTime=${tickMs}`, "initLimit=10", "syncLimit=5", `dataDir=${folder}/data`],
			...[`clientPort=${port}`, `clientPortAddress=${host}`, "maxClientCnxns=0"],
			...["admin.enableServer=false", "4lw.commands.whitelist=*", ...args],
		],
		env: {
			JVMFLAGS: `-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp ${zookeeperJars}`,
		},
		// It says "imok" to "ruok" before it serves requests.
		answers: ({ ports: [port] }) => asks(port, "srvr", (answer) => answer.includes("Mode: ")),
	};
}

/** Whether an AMQP server answers the header of the protocol with a frame. */
function greets(port: number | undefined): Promise<boolean> {
	return asks(port, "AMQP\0\0\u0009\u0001", (answer) => answer.startsWith("\u0001"));
}

/** Whether a server on a port of 127.0.0.1 gives the expected answer. */
function asks(
	port: number | undefined,
	text: string,
	isExpected: (answer: string) => boolean,
): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port ?? 0, "127.0.0.1").setEncoding("latin1");
		const answer = (isThere: boolean): void => {
			socket.destroy();
			resolve(isThere);
		};
		socket.once("connect", () => socket.write(text, "latin1"));
		socket.once("data", (chunk) => answer(isExpected(String(chunk))));
		socket.once("error", () => answer(false));
		socket.once("close", () => answer(false));
	});
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
