import { resolve } from "node:path";
import { invalidUrl, readParameters } from "@allium/core/adapter";

/** Options for a connection to PostgreSQL, in addition to the URL. They take precedence over the URL. */
export interface PostgresOptions {
	readonly user?: string;
	readonly password?: string;
	/** The schema of the database in which the tables lie. It is made when it is missing. Default: `allium`. */
	readonly schema?: string;
	/** The most connections that a process has, in addition to the one that listens. Default: 8. */
	readonly connections?: number;
	/** A PEM file with the certificates of the authorities to trust. Default: the authorities that Node trusts. */
	readonly ca?: string;
	/** A PEM file with the certificate of this process, together with `key`. */
	readonly cert?: string;
	/** A PEM file with the private key of `cert`. */
	readonly key?: string;
	/** The name in the certificate of the server, where it is not the host of the URL. */
	readonly serverName?: string;
	/** The folder in which relative paths begin. Default: the current folder. */
	readonly cwd?: string;
}

/** Whether a connection is encrypted, and whether the certificate of the server must be right. */
export type TlsMode = "off" | "encrypted" | "verified";

/** One server of a URL. */
export interface PostgresHost {
	readonly host: string;
	readonly port: number;
}

/** How PostgreSQL is reached. Plain JSON; equal addresses share connections. */
export interface PostgresAddress {
	readonly hosts: readonly PostgresHost[];
	readonly database: string;
	readonly user: string;
	readonly password: string | undefined;
	readonly schema: string;
	readonly connections: number;
	readonly tls: TlsMode;
	readonly ca: string | undefined;
	readonly cert: string | undefined;
	readonly key: string | undefined;
	readonly serverName: string | undefined;
}

const form =
	"write postgres://user:password@host:5432/database, or postgres+tls://… for a connection that is encrypted and checked";
const parameters = ["schema", "connections", "ca", "cert", "key", "serverName", "sslmode"] as const;
const defaultPort = 5432;
/** PostgreSQL bounds names at 63 bytes, and the channel of notifications begins with `allium_`. */
const schemaPattern = /^[a-z_][a-z0-9_]{0,49}$/;

/**
 * Reads a URL of PostgreSQL: `postgres://user:password@host1:5432,host2/database?schema=allium`.
 *
 * @throws ServiceError `invalid_argument` that names the fault and does not repeat secrets.
 */
export function parsePostgresUrl(url: string, options: PostgresOptions = {}): PostgresAddress {
	const [, scheme = "", userInfo, hosts = "", database = "", query = ""] =
		/^(postgres(?:ql)?(?:\+tls)?):\/\/(?:([^/?#]*)@)?([^/?#@]+)\/([^/?#]+)(?:\?([^#]*))?$/.exec(url) ?? [];
	if (scheme === "") throw invalidUrl(`this is no URL of a database of PostgreSQL; ${form}`);
	const given: Parameters = { ...readParameters(query, parameters), ...defined(options) };
	const [user, password] = readUser(userInfo);
	const address: PostgresAddress = {
		hosts: hosts.split(",").map(readHost),
		database: decoded(database),
		user: options.user ?? user ?? "postgres",
		password: options.password ?? password,
		schema: given.schema ?? "allium",
		connections: Number(given.connections ?? 8),
		tls: readTls(scheme, given),
		ca: absolute(given.ca, options.cwd),
		cert: absolute(given.cert, options.cwd),
		key: absolute(given.key, options.cwd),
		serverName: given.serverName,
	};
	check(address);
	return address;
}

/** The database as a URL for people to read: without secrets. */
export function placeOf({ hosts, database, user, password, schema, tls }: PostgresAddress): string {
	const who = password === undefined ? encodeURIComponent(user) : `${encodeURIComponent(user)}:***`;
	const list = hosts.map(({ host, port }) => `${host}:${port}`).join(",");
	const rest = schema === "allium" ? "" : `?schema=${schema}`;
	return `postgres${tls === "off" ? "" : "+tls"}://${who}@${list}/${encodeURIComponent(database)}${rest}`;
}

type Parameters = Readonly<Partial<Record<(typeof parameters)[number], string>>>;

function check({ schema, connections, cert, key }: PostgresAddress): void {
	if (!schemaPattern.test(schema)) {
		throw invalidUrl(
			"the name of the schema has at most 50 characters: lower-case letters, digits and _, and no digit first",
		);
	}
	if (!Number.isInteger(connections) || connections < 2 || connections > 1_000) {
		throw invalidUrl("connections is a whole number from 2 to 1000");
	}
	if ((cert === undefined) !== (key === undefined)) throw invalidUrl("cert and key go together");
}

function readHost(text: string): PostgresHost {
	const [, host = "", port] = /^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
	const number = Number(port ?? defaultPort);
	if (host === "" || number > 65_535 || number === 0) {
		throw invalidUrl(`one of the servers has another form than host:port; ${form}`);
	}
	return { host: host.replace(/^\[|\]$/g, ""), port: number };
}

function readUser(text: string | undefined): readonly [string?, string?] {
	if (text === undefined) return [];
	const at = text.indexOf(":");
	if (at === -1) return [decoded(text)];
	return [decoded(text.slice(0, at)), decoded(text.slice(at + 1))];
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		throw invalidUrl("user, password and database must be percent-encoded, as in p%40ss for p@ss");
	}
}

/** The options that are parameters, too. */
function defined(options: PostgresOptions): Parameters {
	const { schema, connections, ca, cert, key, serverName } = options;
	const given = { schema, connections, ca, cert, key, serverName };
	return Object.fromEntries(
		Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
	);
}

function readTls(scheme: string, { sslmode, ca, cert, serverName }: Parameters): TlsMode {
	if (sslmode === "require") return ca === undefined ? "encrypted" : "verified";
	if (sslmode === "verify-full") return "verified";
	if (sslmode === "disable" && scheme.endsWith("+tls")) {
		throw invalidUrl("postgres+tls:// asks for TLS, and sslmode=disable asks for none; give one of them");
	}
	if (sslmode !== undefined && sslmode !== "disable") {
		throw invalidUrl(
			"sslmode is disable, require (encrypted, and the certificate is not checked) or verify-full (checked, as with postgres+tls://)",
		);
	}
	const isAsked = scheme.endsWith("+tls") || [ca, cert, serverName].some((value) => value !== undefined);
	return isAsked ? "verified" : "off";
}

function absolute(path: string | undefined, cwd: string = process.cwd()): string | undefined {
	return path === undefined ? undefined : resolve(cwd, path);
}
