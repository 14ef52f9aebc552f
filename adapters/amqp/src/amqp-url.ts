import { resolve } from "node:path";
import { invalidUrl, readParameters } from "@allium/core/adapter";

/** Options for a connection to RabbitMQ, in addition to the URL. They take precedence over the URL. */
export interface AmqpOptions {
	readonly user?: string;
	readonly password?: string;
	/** The prefix of the names of all queues and exchanges. Default: `allium`. */
	readonly namespace?: string;
	/** A PEM file with the certificates of the authorities to trust. Default: the authorities that Node trusts. */
	readonly ca?: string;
	/** A PEM file with the certificate of this process, together with `key`. */
	readonly cert?: string;
	/** A PEM file with the private key of `cert`. */
	readonly key?: string;
	/** The name in the certificate of the server, if it is not the host of the URL. */
	readonly serverName?: string;
	/** The folder in which relative paths begin. Default: the current folder. */
	readonly cwd?: string;
}

/** How RabbitMQ is reached. */
export interface AmqpAddress {
	/** Each as `host:port`. */
	readonly hosts: readonly string[];
	readonly vhost: string;
	readonly user: string;
	readonly password: string;
	readonly namespace: string;
	readonly tls: boolean;
	readonly ca: string | undefined;
	readonly cert: string | undefined;
	readonly key: string | undefined;
	readonly serverName: string | undefined;
	/** The further parameters of the URL that were asked for. */
	readonly further: Readonly<Record<string, string>>;
}

const form =
	"write amqp://user:password@host:5672/vhost, or amqps://… for a connection that is encrypted and checked";
const parameters = ["namespace", "ca", "cert", "key", "serverName"] as const;
const namespacePattern = /^[A-Za-z0-9_-]{1,50}$/;

/**
 * Reads a URL of RabbitMQ: `amqp://user:password@host1:5672,host2/vhost?namespace=allium`.
 *
 * @param further the names of the parameters that it may have in addition to those of the connection.
 * @throws ServiceError `invalid_argument` that names the fault and does not repeat secrets.
 */
export function parseAmqpUrl(
	url: string,
	options: AmqpOptions = {},
	further: readonly string[] = [],
): AmqpAddress {
	const [, scheme = "", userInfo = "", hosts = "", vhost = "", query = ""] =
		/^(amqps?|amqp\+tls):\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/.exec(url) ?? [];
	if (scheme === "") throw invalidUrl(`this is no URL of RabbitMQ; ${form}`);
	const [user = "", ...password] = userInfo.split(":");
	const tls = scheme !== "amqp";
	const read: Readonly<Record<string, string>> = readParameters(query, [...parameters, ...further]);
	const given: Parameters = { ...read, ...defined(options) };
	const address: AmqpAddress = {
		hosts: hosts.split(",").map((host) => readHost(host, tls ? 5671 : 5672)),
		vhost: vhost === "" ? "/" : decoded(vhost),
		user: options.user ?? (user === "" ? "guest" : decoded(user)),
		password: options.password ?? (password.length === 0 ? "guest" : decoded(password.join(":"))),
		namespace: given.namespace ?? "allium",
		tls,
		ca: absolute(given.ca, options.cwd),
		cert: absolute(given.cert, options.cwd),
		key: absolute(given.key, options.cwd),
		serverName: given.serverName,
		further: Object.fromEntries(Object.entries(read).filter(([name]) => further.includes(name))),
	};
	check(address);
	return address;
}

/** The server as a URL for people to read: without secrets. */
export function placeOf({ hosts, vhost, user, namespace, tls }: AmqpAddress): string {
	const path = vhost === "/" ? "" : `/${encodeURIComponent(vhost)}`;
	const rest = namespace === "allium" ? "" : `?namespace=${namespace}`;
	return `amqp${tls ? "s" : ""}://${encodeURIComponent(user)}:***@${hosts.join(",")}${path}${rest}`;
}

function check({ namespace, tls, ca, cert, key, serverName }: AmqpAddress): void {
	if (!namespacePattern.test(namespace)) {
		throw invalidUrl("the namespace has at most 50 characters: letters, digits, - and _");
	}
	if ((cert === undefined) !== (key === undefined)) throw invalidUrl("cert and key go together");
	if (!tls && [ca, cert, serverName].some((value) => value !== undefined)) {
		throw invalidUrl("ca, cert, key and serverName need TLS: write amqps:// instead of amqp://");
	}
}

function readHost(text: string, defaultPort: number): string {
	const [, host = "", port] = /^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
	const number = Number(port ?? defaultPort);
	if (host === "" || number > 65_535 || number === 0) {
		throw invalidUrl(`one of the servers has another form than host:port; ${form}`);
	}
	return `${host}:${number}`;
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		throw invalidUrl("user, password and vhost must be percent-encoded, as in p%40ss for p@ss");
	}
}

type Parameters = Readonly<Partial<Record<(typeof parameters)[number], string>>>;

/** The options that are parameters, too. */
function defined(options: AmqpOptions): Parameters {
	const given = parameters.flatMap((name) => {
		const value = options[name];
		return value === undefined ? [] : [[name, value] as const];
	});
	return Object.fromEntries(given);
}

function absolute(path: string | undefined, cwd: string = process.cwd()): string | undefined {
	return path === undefined ? undefined : resolve(cwd, path);
}
