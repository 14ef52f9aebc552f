import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** The folder, relative to the workspace, in which `npm run services` puts the servers. */
export const serversFolder = ".cache/servers";

/** The servers that tests use, and the name of the program of each. */
const programs = {
	"nats-2.9": "nats-server",
	"nats-2.10": "nats-server",
	"nats-2.15": "nats-server",
	consul: "consul",
	etcd: "etcd",
	"etcd-3.5": "etcd",
	dnsmasq: "dnsmasq",
	named: "named",
	postgres: "postgres",
	rabbitmq: "rabbitmq-server",
	redis: "redis-server",
	zookeeper: "zkServer.sh",
} as const;

/** The name of a server that tests use, in one version. */
export type ServerName = keyof typeof programs;

/** The servers whose programs Debian installs for the whole machine, because they need libraries of their own. */
const ofTheMachine: readonly ServerName[] = [
	"dnsmasq",
	"named",
	"postgres",
	"rabbitmq",
	"redis",
	"zookeeper",
];

/** The path of a server's program, or undefined if it is not installed. `npm run services` installs it. */
export function serverProgram(name: ServerName): string | undefined {
	const file = programs[name];
	const unpacked = ["usr/sbin", "usr/bin"].flatMap((folder) =>
		ancestors(process.cwd()).map((root) => join(root, serversFolder, name, folder, file)),
	);
	// Debian's script of RabbitMQ in /usr/sbin runs it as another user, and ends without it.
	const first = name === "rabbitmq" ? ["/usr/lib/rabbitmq/bin"] : [];
	const path = [
		...first,
		...(process.env.PATH ?? "").split(delimiter),
		"/usr/sbin",
		"/usr/share/zookeeper/bin",
		...postgresFolders(),
	];
	const installed = ofTheMachine.includes(name) ? path.map((folder) => join(folder, file)) : [];
	return [...unpacked, ...installed].find(isExecutable);
}

/** Where Debian puts the programs of PostgreSQL, the newest version first. */
function postgresFolders(): string[] {
	const root = "/usr/lib/postgresql";
	if (!existsSync(root)) return [];
	const versions = readdirSync(root).sort((one, other) => Number(other) - Number(one));
	return versions.map((version) => join(root, version, "bin"));
}

/** Whether `ALLIUM_TEST_REQUIRE` names a server: its tests must not be skipped. */
export function isServerRequired(name: ServerName): boolean {
	return (process.env.ALLIUM_TEST_REQUIRE ?? "").split(",").includes(name);
}

/** A folder and all folders above it, the nearest first. */
function ancestors(folder: string): string[] {
	const parent = dirname(folder);
	return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

function isExecutable(file: string): boolean {
	if (!existsSync(file)) return false;
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
