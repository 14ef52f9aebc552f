import { resolve } from "node:path";
import { invalidUrl, readParameters } from "@allium/core/adapter";

/** Options for a connection to NATS, in addition to the URL. They take precedence over the URL. */
export interface NatsOptions {
	/** The name of the user, together with `password`. */
	readonly user?: string;
	readonly password?: string;
	/** The token of servers that ask for one. */
	readonly token?: string;
	/** A file of credentials as `nsc` writes it: a JWT and the seed of its nkey. */
	readonly creds?: string;
	/** A file with the seed of an nkey. */
	readonly nkey?: string;
	/** A PEM file with the certificates of the authorities to trust. Default: the authorities that Node trusts. */
	readonly ca?: string;
	/** A PEM file with the certificate of this process, together with `key`. */
	readonly cert?: string;
	/** A PEM file with the private key of `cert`. */
	readonly key?: string;
	/** The folder in which relative paths begin. Default: the current folder. */
	readonly cwd?: string;
}

/** How the servers of NATS are reached. Plain JSON; equal addresses share a connection. */
export interface NatsAddress extends Omit<NatsOptions, "cwd"> {
	/** `host:port` of each server. */
	readonly servers: readonly string[];
	/** Whether a server without TLS is refused. A server that has TLS gets it in any case. */
	readonly tls: boolean;
}

/** A URL that was read. */
export interface ParsedNatsUrl {
	readonly address: NatsAddress;
	/** The URL without secrets, for people to read. */
	readonly location: string;
	/** The query parameters that belong to the port that is opened. */
	readonly parameters: Readonly<Record<string, string>>;
}

const form = "write nats://host:4222, or nats://host1:4222,host2:4222 for several servers of one cluster";
const defaultPort = 4222;
const secrets = ["token", "creds", "nkey"] as const;
const files = ["creds", "nkey", "ca", "cert", "key"] as const;
const connectionParameters: readonly string[] = ["token", ...files];

/**
 * Reads a URL of NATS: `nats://user:password@host1:4222,host2:4222?ca=/etc/nats/ca.pem`. The schemes `tls` and
 * `nats+tls` ask for TLS.
 *
 * @param own the query parameters of the port that is opened, in addition to those of the connection.
 * @throws ServiceError `invalid_argument` that names the fault and does not repeat secrets.
 */
export function parseNatsUrl(url: string, options: NatsOptions, own: readonly string[]): ParsedNatsUrl {
	const [, scheme = "", list = "", query = ""] =
		/^(nats|nats\+tls|tls):\/\/([^?#]+)(?:\?([^#]*))?$/.exec(url) ?? [];
	if (scheme === "") throw invalidUrl(`this is no URL of NATS; ${form}`);
	const parameters = readParameters(query, [...connectionParameters, ...own]);
	const servers = list.replace(/\/$/, "").split(",").map(readServer);
	const user = oneUser(servers);
	const given = { ...user, ...pick(parameters, connectionParameters), ...defined(options) };
	const isTls = scheme !== "nats" || servers.some(({ isTls }) => isTls);
	const address = checkedAddress({
		servers: servers.map(({ host }) => host),
		tls: isTls || [given.ca, given.cert, given.key].some((file) => file !== undefined),
		...absolute(given, options.cwd),
	});
	const shown = new URLSearchParams(parameters);
	if (shown.has("token")) shown.set("token", "***");
	const rest = shown.size === 0 ? "" : `?${shown.toString().replaceAll("%2F", "/").replaceAll("***", "***")}`;
	return { address, location: placeOf(address) + rest, parameters: pick(parameters, own) };
}

/** The servers as a URL for people to read: without secrets. */
export function placeOf({ servers, tls, user }: NatsAddress): string {
	const who = user === undefined ? "" : `${user}:***@`;
	return `${tls ? "nats+tls" : "nats"}://${who}${servers.join(",")}`;
}

interface Server {
	readonly host: string;
	readonly isTls: boolean;
	readonly user: string | undefined;
	readonly password: string | undefined;
}

function readServer(text: string): Server {
	const [, scheme, userInfo, host = "", port] =
		/^(?:(nats|nats\+tls|tls):\/\/)?(?:(.*)@)?(\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/.exec(
			text.trim(),
		) ?? [];
	if (host === "" || Number(port ?? 1) > 65_535 || Number(port ?? 1) === 0) {
		throw invalidUrl(`one of the servers has another form than host:port; ${form}`);
	}
	const [user, password] = userInfo === undefined ? [] : readUser(userInfo);
	return {
		host: `${host}:${port ?? defaultPort}`,
		isTls: scheme !== undefined && scheme !== "nats",
		user,
		password,
	};
}

function readUser(text: string): readonly [string, string] {
	const at = text.indexOf(":");
	if (at < 1) {
		throw invalidUrl(
			"a user needs a password; write nats://user:password@host:4222, or ?token=… for servers that ask for a token",
		);
	}
	try {
		return [decodeURIComponent(text.slice(0, at)), decodeURIComponent(text.slice(at + 1))];
	} catch {
		throw invalidUrl("the user and the password must be percent-encoded, as in p%40ss for p@ss");
	}
}

/** The user that the servers share. Later servers may leave it out. */
function oneUser(servers: readonly Server[]): { readonly user?: string; readonly password?: string } {
	const [first] = servers;
	for (const { user, password } of servers) {
		if (user !== undefined && (user !== first?.user || password !== first.password)) {
			throw invalidUrl("all servers take the same user and password; give them with the first server");
		}
	}
	return first?.user === undefined ? {} : { user: first.user, password: first.password ?? "" };
}

function checkedAddress(address: NatsAddress): NatsAddress {
	const kinds = secrets.filter((name) => address[name] !== undefined);
	if (kinds.length + (address.user === undefined ? 0 : 1) > 1) {
		throw invalidUrl("there are several kinds of credentials; give one: a user, a token, creds or an nkey");
	}
	if ((address.user === undefined) !== (address.password === undefined)) {
		throw invalidUrl("user and password go together");
	}
	if ((address.cert === undefined) !== (address.key === undefined)) {
		throw invalidUrl("cert and key go together");
	}
	return address;
}

type Credentials = Omit<NatsOptions, "cwd">;

/** The same with the paths of files made absolute. */
function absolute(given: Credentials, cwd: string = process.cwd()): Credentials {
	const paths: Partial<Record<keyof Credentials, string>> = {};
	for (const name of files) {
		const path = given[name];
		if (path !== undefined) paths[name] = resolve(cwd, path);
	}
	return { ...given, ...paths };
}

/** The credentials among options that may hold more. */
function defined(options: NatsOptions): Credentials {
	const names = ["user", "password", "token", ...files] as const;
	const found: Partial<Record<keyof Credentials, string>> = {};
	for (const name of names) if (options[name] !== undefined) found[name] = options[name];
	return found;
}

function pick(
	all: Readonly<Record<string, string>>,
	names: readonly string[],
): Readonly<Record<string, string>> {
	return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}
