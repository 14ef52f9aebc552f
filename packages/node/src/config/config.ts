import { ServiceError } from "@allium/core";
import type { ProxyProtocol } from "../proxy/proxy-protocol.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { bindings } from "./cloud-foundry.ts";
import { readHosts, readProxyProtocol, readTls } from "./edge.ts";

/** Everything about a process that depends on where it runs. */
export interface Config {
	readonly namespace: string;
	/** URL of the registry, such as `sqlite:` or `nats://broker:4222`. */
	readonly registry: string;
	/** The interface to listen on; undefined lets the registry decide: loopback for a local one, else all. */
	readonly host: string | undefined;
	/** The hosts by which others may call this process, beside its own; empty lets where it listens decide. */
	readonly hosts: readonly string[];
	/** The port to listen on; 0 for a free one. */
	readonly port: number;
	/** The host or host:port that others reach this process by; undefined for the one it listens on. */
	readonly advertise: string | undefined;
	readonly zone: string | undefined;
	readonly labels: Readonly<Record<string, string>>;
	/** TLS in both directions; undefined for none. */
	readonly tls: TlsOptions | undefined;
	/** Which connections begin with a header of the PROXY protocol. */
	readonly proxyProtocol: ProxyProtocol;
}

/** What code may set; each wins over the environment. */
export type ConfigOverrides = { readonly [K in keyof Config]?: Config[K] | undefined };

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const localRegistry = "sqlite:";

/**
 * Reads the configuration: code option, else `ALLIUM_…` and `PORT`, else the bindings of Cloud Foundry's
 * `VCAP_SERVICES`, else the default.
 *
 * @throws ServiceError `failed_precondition` that names the variable and says what it takes.
 */
export function readConfig(env: Environment, overrides: ConfigOverrides = {}): Config {
	const listen = readListen(env);
	const bound = bindings(env.VCAP_SERVICES);
	const registry =
		overrides.registry ?? set(env.ALLIUM_REGISTRY) ?? set(env.ALLIUM_URL) ?? bound.registry ?? bound.url;
	return {
		namespace: checkNamespace(overrides.namespace ?? set(env.ALLIUM_NAMESPACE) ?? "default"),
		registry: checkUrl(registry ?? localRegistry),
		host: overrides.host ?? listen.host,
		hosts: readHosts(env, overrides.hosts),
		port: checkPort("port", String(overrides.port ?? listen.port)),
		advertise: overrides.advertise ?? set(env.ALLIUM_ADVERTISE),
		zone: overrides.zone ?? set(env.ALLIUM_ZONE),
		labels: overrides.labels ?? readLabels(set(env.ALLIUM_LABELS)),
		tls: readTls(env, overrides.tls),
		proxyProtocol: readProxyProtocol(env, overrides.proxyProtocol),
	};
}

/** A URL as it may be printed: its password masked. */
export function maskUrl(text: string): string {
	return text.replace(/(:\/\/[^/@:]*):[^/@]*@/, "$1:***@");
}

/** `ALLIUM_LISTEN` is `host:port`, `host`, or `:port`; `PORT` is a port alone and wins over its port. */
function readListen(env: Environment): { host: string | undefined; port: number } {
	const listen = set(env.ALLIUM_LISTEN);
	const match = listen === undefined ? undefined : /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/.exec(listen);
	if (match === null) throw wrong("ALLIUM_LISTEN", listen, "host:port, such as 127.0.0.1:4000");
	const port = set(env.PORT);
	return {
		host: set(match?.[1]?.replace(/^\[|\]$/g, "")),
		port: port !== undefined ? checkPort("PORT", port) : checkPort("ALLIUM_LISTEN", match?.[2] ?? "0"),
	};
}

function readLabels(text: string | undefined): Record<string, string> {
	if (text === undefined) return {};
	const entries = text.split(",").map((entry) => {
		const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(entry) ?? [];
		if (key === undefined || value === undefined) throw wrong("ALLIUM_LABELS", text, "key=value,key=value");
		return [key, value] as const;
	});
	return Object.fromEntries(entries);
}

function checkPort(name: string, text: string): number {
	const port = Number(text);
	if (!/^\d+$/.test(text) || port > 65_535) throw wrong(name, text, "a port from 0 (any free one) to 65535");
	return port;
}

function checkNamespace(text: string): string {
	if (/^[A-Za-z0-9._-]{1,64}$/.test(text)) return text;
	throw wrong("ALLIUM_NAMESPACE", text, 'up to 64 letters, digits, ".", "_" and "-"');
}

function checkUrl(text: string): string {
	if (/^[a-z][a-z0-9+.-]*:/.test(text)) return text;
	throw wrong("ALLIUM_REGISTRY", maskUrl(text), "a URL, such as sqlite: or nats://127.0.0.1:4222");
}

/** A variable that is there but empty is not set. */
function set(text: string | undefined): string | undefined {
	return text === undefined || text === "" ? undefined : text;
}

function wrong(name: string, text: string | undefined, form: string): ServiceError {
	const message = `${name} is ${JSON.stringify(text)}, but takes ${form}`;
	return new ServiceError({ code: "failed_precondition", reason: "invalid_configuration", message });
}
